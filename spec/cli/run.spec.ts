/** `ctswitch run`: the ready line, events as JSON lines, flow files, ports, and a clean end. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { toHex } from '../../lib/bytes/index.js';
import { CaptureReader } from '../../lib/pcap-file/index.js';
import { readDatagram } from '../../lib/ports/host/ip-header.js';
import { readSegment } from '../../lib/ports/host/tcp-segment.js';
import { ip, tryIp } from '../ports/machine.js';
import { udp4 } from '../support/frames.js';
import { requires } from '../support/needs.js';
import { endAll, NOBODY, PROGRAM, Program } from './program.js';

const run = promisify(execFile);

describe('ctswitch run', function () {
  this.timeout(30_000);
  const folder = mkdtempSync(`${tmpdir()}/ctswitch-`);
  after(() => rmSync(folder, { recursive: true }));
  afterEach(endAll);

  const HOSTS = ['--port', 'host:a,50:54:00:00:00:0a,10.0.0.1', '--port', 'LOCAL=host:b,50:54:00:00:00:0b,10.0.0.2'];

  it('says first, with --json, that it is ready, and what was opened', async () => {
    const program = new Program([
      ...[
        'run',
        '--json',
        '--name',
        'edge',
        '--dpid',
        '0xabc',
        '--listen',
        'ptcp:0',
        '--listen',
        `punix:${folder}/a.mgmt`,
      ],
      ...['--port', '7=memory:m', ...HOSTS],
    ]);
    await program.until(/\n/);
    const { status } = await program.signal('SIGTERM');
    const [ready] = program.json();
    expect(ready).to.include({
      schema: 'ctswitch/ready@1',
      name: 'edge',
      datapath_id: '0000000000000abc',
      pid: program.child.pid,
      fail_mode: 'standalone',
      standalone: true,
    });
    const [tcp, unix] = ready.listening as string[];
    expect(tcp).to.match(/^ptcp:[1-9]\d*:127\.0\.0\.1$/);
    expect(unix).to.equal(`punix:${folder}/a.mgmt`);
    expect(ready.ports).to.deep.equal([
      { number: 1, name: 'a', mac: '50:54:00:00:00:0a', state: 'up', kind: 'host' },
      { number: 7, name: 'm', mac: '02:00:00:0a:bc:07', state: 'up', kind: 'memory' },
      { number: 'LOCAL', name: 'b', mac: '50:54:00:00:00:0b', state: 'up', kind: 'host' },
    ]);
    expect(status).to.equal(0);
  });

  it('is secure with a controller, unless told, and standalone without one, and says so', async () => {
    const modes = [
      { args: ['--controller', NOBODY], mode: 'secure', standalone: false },
      { args: ['--controller', NOBODY, '--fail-mode', 'standalone'], mode: 'standalone', standalone: true },
      { args: ['--listen', 'ptcp:0'], mode: 'standalone', standalone: true },
      { args: ['--listen', 'ptcp:0', '--fail-mode', 'secure'], mode: 'secure', standalone: false },
    ];
    for (const { args, mode, standalone } of modes) {
      const program = new Program(['run', '--json', ...args]);
      await program.until(/\n/);
      await program.signal('SIGTERM');
      expect(program.json()[0]).to.include({ fail_mode: mode, standalone });
    }
    const loud = new Program(['run', '--listen', 'ptcp:0']);
    await loud.until(/STANDALONE: no controller is in charge/);
    await loud.until(/ovs-ofctl -O OpenFlow13 show tcp:127\.0\.0\.1:\d+/);
  });

  it('tells events as JSON lines, and logs to standard error', async () => {
    let server: Server | undefined;
    try {
      // A controller that says HELLO, adds a flow for one second, and stays.
      const hello = Buffer.from('0400000800000001', 'hex');
      const flow = Buffer.from(
        `040e003800000002${'00'.repeat(16)}0000000000018000ffffffffffffffffffffffff0001000000010004${'00'.repeat(4)}`,
        'hex',
      );
      server = createServer((socket) => {
        socket.write(hello);
        socket.once('data', () => socket.write(flow));
      });
      const port = await new Promise<number>((resolve) => {
        server?.listen(0, '127.0.0.1', () => {
          const address = server?.address();
          resolve(typeof address === 'object' && address !== null ? address.port : 0);
        });
      });
      const at = `tcp:127.0.0.1:${port}`;
      const program = new Program(['run', '-v', '--json', '--controller', at, '--fail-mode', 'standalone']);
      await program.until(/flow-removed@1.*\n/);
      const { status } = await program.signal('SIGINT');
      // With -v every message has a line, too.
      const events = program.json().filter(({ schema }) => schema !== 'ctswitch/inspect@1');
      expect(events.map(({ schema }) => schema).slice(0, 4)).to.deep.equal(
        ['ready', 'controller', 'fail-mode', 'flow-removed'].map((name) => `ctswitch/${name}@1`),
      );
      expect(events[1]).to.include({ event: 'connected', controller: at });
      expect(events[2]).to.include({ standalone: false });
      expect(events[3]).to.include({ reason: 'hard_timeout', packets: 0, table_id: 0 });
      for (const line of program.err.trim().split('\n')) expect(JSON.parse(line)).to.include.keys('level', 'msg');
      expect(status).to.equal(0);
    } finally {
      server?.close();
    }
  });

  it('loads flows, where ports have their names, and plays captures through them', async () => {
    const frame = udp4();
    const record = Buffer.alloc(16);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    const header = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
    writeFileSync(`${folder}/in.pcap`, Buffer.concat([header, record, frame]));
    writeFileSync(`${folder}/flows.txt`, '# from one to the other\nin_port=in.pcap,actions=output:2\n');
    const program = new Program([
      ...['run', '--json', '--fail-mode', 'secure', '--flows', `${folder}/flows.txt`],
      ...['--port', `1=file:${folder}/in.pcap`, '--port', `2=file:,${folder}/out.pcap`],
    ]);
    await program.until(/\n/);
    const written = `${folder}/out.pcap`;
    for (let i = 0; i < 200 && readFileSync(written).length < 24 + 16 + frame.length; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await program.signal('SIGTERM')).status).to.equal(0);
    expect(readFileSync(written).subarray(40)).to.deep.equal(Buffer.from(frame));
  });

  it('ends on SIGTERM and SIGINT with its sockets removed, also with a peer that says nothing', async () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      const path = `${folder}/${signal}.mgmt`;
      const program = new Program(['run', '--json', '--listen', `punix:${path}`]);
      await program.until(/\n/);
      expect(existsSync(path)).to.equal(true);
      const peer = connect(path);
      peer.on('error', () => {});
      await new Promise((resolve) => peer.once('data', resolve));
      expect(await program.signal(signal)).to.deep.equal({ status: 0, signal: null });
      expect(existsSync(path)).to.equal(false);
      peer.destroy();
    }
  });

  it('records what is said with controllers as a capture', async () => {
    const path = `${folder}/session.pcap`;
    const socket = `${folder}/r.mgmt`;
    const program = new Program(['run', '--json', '--record', path, '--listen', `punix:${socket}`, ...HOSTS]);
    await program.until(/\n/);
    const messages = ['0400000800000001', '0402000900000002aa', '0405000800000003'];
    for (let i = 0; i < 2; i++) {
      const peer = connect(socket);
      let heard = 0;
      peer.write(Buffer.from(messages.join(''), 'hex'));
      await new Promise<void>((resolve) =>
        peer.on('data', (data: Buffer) => {
          heard += data.length;
          if (heard >= 16 + 9 + 32) resolve();
        }),
      );
      peer.destroy();
    }
    expect((await program.signal('SIGTERM')).status).to.equal(0);
    const reader = new CaptureReader();
    const bytes = readFileSync(path);
    reader.push(bytes, 0, bytes.length);
    const data: string[] = [];
    const streams = new Set<number>();
    for (let record = reader.next(); record !== null; record = reader.next()) {
      const datagram = readDatagram(record.bytes.slice(record.start + 14, record.end));
      const segment = datagram && readSegment(datagram);
      expect(segment, 'a segment with right checksums').not.to.equal(null);
      if (!segment || segment.data.length === 0) continue;
      const incoming = segment.source === 6653;
      streams.add(incoming ? segment.destination : segment.source);
      if (incoming) data.push(toHex(segment.data));
    }
    expect(streams.size).to.equal(2);
    expect(data).to.deep.equal([...messages, ...messages]);
  });

  it('records what tshark reads without a complaint', async function () {
    requires(this, 'tshark', 'ovs-ofctl');
    const path = `${folder}/ofctl.pcap`;
    const program = new Program(['run', '--json', '--record', path, '--listen', 'ptcp:0', ...HOSTS]);
    await program.until(/\n/);
    const [address] = program.json()[0].listening as string[];
    const at = `tcp:127.0.0.1:${address.split(':')[1]}`;
    await run('ovs-ofctl', ['-O', 'OpenFlow13', 'add-flow', at, 'ip,actions=drop']);
    await run('ovs-ofctl', ['-O', 'OpenFlow13', 'dump-flows', at]);
    await program.signal('SIGTERM');
    const { stdout } = await run('tshark', ['-r', path, '-Y', 'openflow_v4', '-T', 'fields', '-e', 'openflow_v4.type']);
    for (const type of [0, 14, 18, 19]) expect(stdout).to.match(new RegExp(`^${type}\\b`, 'm'));
    const filter = '_ws.malformed || tcp.analysis.flags || tcp.checksum.status == 0 || _ws.expert.severity >= 6291456';
    const complaints = await run('tshark', ['-o', 'tcp.check_checksum:TRUE', '-r', path, '-Y', filter]);
    expect(complaints.stdout).to.equal('');
  });

  it('runs with nothing to wait for, and says that nothing can reach it', async () => {
    const program = new Program(['run', ...HOSTS]);
    await program.until(/nothing can connect/);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await program.signal('SIGTERM')).to.deep.equal({ status: 0, signal: null });
  });

  it('ends without a word when the reader of its output goes away', async () => {
    const child = spawn('sh', [
      '-c',
      `"${process.execPath}" "${PROGRAM}" run --json --listen punix:${folder}/e.mgmt | head -1`,
    ]);
    let err = '';
    child.stderr.on('data', (data: Buffer) => {
      err += data.toString();
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    // The next event finds the reader gone.
    while (child.exitCode === null) {
      const peer = connect(`${folder}/e.mgmt`);
      peer.on('error', () => {});
      peer.end(Buffer.from('0400000800000001', 'hex'));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await ended;
    expect(err).to.equal('');
    expect(existsSync(`${folder}/e.mgmt`)).to.equal(false);
  });

  describe('with taps', () => {
    const namespace = `ctscli${process.pid}`;
    before(function () {
      requires(this, 'netns', 'koffi');
      ip(`netns add ${namespace}`);
    });
    after(() => tryIp(`netns del ${namespace}`));

    it('makes them, and removes them on SIGTERM', async () => {
      const words = [
        'netns',
        'exec',
        namespace,
        process.execPath,
        PROGRAM,
        'run',
        '--json',
        '--port',
        'LOCAL=tap:cts0',
      ];
      const child = spawn('ip', words);
      const ended = new Promise((resolve) => child.on('exit', (status) => resolve(status)));
      const ready = await new Promise<string>((resolve) =>
        child.stdout.once('data', (data: Buffer) => resolve(data.toString())),
      );
      expect(JSON.parse(ready)).to.have.nested.property('ports[0].kind', 'tap');
      const links = async () => (await run('ip', ['-n', namespace, '-o', 'link'])).stdout;
      expect(await links()).to.contain('cts0');
      child.kill('SIGTERM');
      expect(await ended).to.equal(0);
      expect(await links()).not.to.contain('cts0');
    });
  });
});
