/**
 * Servers for specs on real interfaces, as the source of a program: HTTP on 80, FTP on 21 (active and passive, both
 * families) and TFTP on 69, each with one file. They tell who asked, as JSON lines. RFC 959, RFC 2428, RFC 1350.
 */

/** What every server has. */
export const FILE = String.fromCharCode(...Array.from({ length: 100_000 }, (_, i) => 32 + ((i * 7) % 90)));

/** Listens at one address until it is ended; "listening" is told once for each of the three. */
export const servers = (host: string): string => `
  import dgram from 'node:dgram';
  import http from 'node:http';
  import net from 'node:net';
  const file = Buffer.from(Array.from({ length: ${FILE.length} }, (_, i) => 32 + (i * 7) % 90));
  const host = ${JSON.stringify(host)};
  const tell = (event) => console.log(JSON.stringify(event));
  http.createServer((request, response) => {
    tell({ asked: 'http', by: request.socket.remoteAddress });
    response.end(file);
  }).listen(80, host, () => tell({ listening: 'http' }));

  net.createServer((control) => {
    const say = (text) => control.write(text + '\\r\\n');
    let data = null;
    const passive = (reply) => {
      const server = net.createServer().listen(0, host, () => say(reply(server.address().port)));
      // A client may connect before it says for what.
      const connected = new Promise((resolve) => server.once('connection', resolve));
      data = (use) => connected.then((socket) => { server.close(); tell({ asked: 'data', by: socket.remoteAddress }); use(socket); });
    };
    const active = (port, address) => {
      data = (use) => { const socket = net.connect({ port, host: address, localAddress: host }, () => use(socket)); socket.on('error', (error) => say('425 ' + error.code)); };
      say('200 ok');
    };
    const commands = {
      USER: () => say('230 in'),
      PWD: () => say('257 "/"'),
      TYPE: () => say('200 ok'),
      CWD: () => say('250 ok'),
      SIZE: () => say('213 ' + file.length),
      EPSV: () => passive((port) => '229 Entering Extended Passive Mode (|||' + port + '|)'),
      PASV: () => passive((port) => '227 Entering Passive Mode (' + [...host.split('.'), port >> 8, port & 255].join(',') + ').'),
      PORT: (text) => { const n = text.split(',').map(Number); tell({ asked: 'PORT', text }); active(n[4] * 256 + n[5], n.slice(0, 4).join('.')); },
      EPRT: (text) => { const [, , address, port] = text.split(text[0]); tell({ asked: 'EPRT', text }); active(Number(port), address); },
      RETR: () => { say('150 here'); data((socket) => socket.end(file, () => say('226 done'))); },
      QUIT: () => { say('221 bye'); control.end(); },
    };
    tell({ asked: 'ftp', by: control.remoteAddress });
    control.on('error', () => {});
    say('220 hello');
    let text = '';
    control.on('data', (chunk) => {
      text += chunk;
      for (let end = text.indexOf('\\r\\n'); end >= 0; end = text.indexOf('\\r\\n')) {
        const [word, ...rest] = text.slice(0, end).split(' ');
        text = text.slice(end + 2);
        (commands[word.toUpperCase()] ?? (() => say('502 no')))(rest.join(' '));
      }
    });
  }).listen(21, host, () => tell({ listening: 'ftp' }));

  const tftp = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  tftp.on('message', (request, from) => {
    if (request[1] !== 1) return;
    tell({ asked: 'tftp', by: from.address });
    // The answer comes from a port of its own.
    const socket = dgram.createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
    const send = (block) => {
      const head = Buffer.from([0, 3, block >> 8, block & 255]);
      socket.send(Buffer.concat([head, file.subarray((block - 1) * 512, block * 512)]), from.port, from.address);
    };
    const last = Math.floor(file.length / 512) + 1;
    socket.on('message', (ack) => {
      const block = ack.readUInt16BE(2);
      if (ack[1] !== 4 || block >= last) socket.close();
      else send(block + 1);
    });
    socket.bind(0, host, () => send(1));
  });
  tftp.bind(69, host, () => tell({ listening: 'tftp' }));
`;
