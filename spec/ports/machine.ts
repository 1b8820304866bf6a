/** Namespaces, interfaces and programs in them, for specs of live ports. */
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';

/** Runs `ip` with words, and throws where it fails. */
export function ip(words: string): void {
  execFileSync('ip', words.split(' '), { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Runs `ip`, whatever comes of it. */
export function tryIp(words: string): void {
  try {
    ip(words);
  } catch {
    // For what may be gone already.
  }
}

/** What came of a program: its exit status and what it wrote. */
export interface Ended {
  status: number | null;
  output: string;
}

/** Runs a program, in a namespace where one is told, and resolves when it has ended. */
export function run(namespace: string | null, command: string, ...words: string[]): Promise<Ended> {
  const all = namespace === null ? [command, ...words] : ['ip', 'netns', 'exec', namespace, command, ...words];
  return new Promise((resolve, reject) => {
    const child = spawn(all[0], all.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (text: Buffer) => {
      output += text.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output }));
  });
}

/** Runs JavaScript in a process of its own, in a namespace where one is told. */
export function script(namespace: string | null, source: string): Promise<Ended> {
  return run(namespace, process.execPath, '--input-type=module', '-e', source);
}

/** Open descriptors of this process. */
export function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Makes a veth with one end here and the other in a namespace, where it has an address. */
export function veth(name: string, namespace: string, address: string): void {
  ip(`link add ${name} type veth peer name e netns ${namespace}`);
  ip(`link set ${name} up addrgenmode none`);
  ip(`-n ${namespace} addr add ${address}/24 dev e`);
  ip(`-n ${namespace} link set e up addrgenmode none`);
}

/** Connects to an echo over TCP, sends `size` bytes and says how many came back unchanged. */
export const echo = (address: string, size: number) => `
  import net from 'node:net';
  const data = Buffer.alloc(${size}, (i) => i).map((_, i) => (i * 7) >> 3);
  let at = 0, same = true;
  const socket = net.connect(7, '${address}', () => socket.end(data));
  socket.on('data', (part) => { same &&= part.equals(data.subarray(at, at + part.length)); at += part.length; });
  socket.on('close', () => console.log(at, same));
  socket.setTimeout(15000, () => { console.log('timeout at', at); process.exit(1); });`;
