/**
 * A laboratory for specs and recordings with real interfaces: a namespace for the switch and its controllers, and a
 * namespace for each host, joined by veth pairs with the kernel's default offloads. Programs in it are ended by their
 * id when it closes.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built program. */
const CTSWITCH = fileURLToPath(new URL('../../bin/ctswitch.js', import.meta.url));
/** Our applications for os-ken. */
const APPLICATIONS = fileURLToPath(new URL('../../../examples/os-ken', import.meta.url));
/** Debian's os-ken belongs to Debian's Python, whatever comes first in PATH. */
const [PYTHON, OSKEN] = ['/usr/bin/python3', '/usr/bin/osken-manager'];

export const CONTROLLER_PORT = 6653;
export const SWITCH_PORT = 6654;
export const SWITCH = `tcp:127.0.0.1:${SWITCH_PORT}`;
const END_TIMEOUT_MS = 3000;

/** Waits until `check` gives something; fails after `limit_ms`, with what `explain` has to say. */
export async function eventually<T>(
  what: string,
  check: () => T | undefined | null | false,
  limit_ms = 10_000,
  explain = (): string => '',
): Promise<T> {
  const end = performance.now() + limit_ms;
  for (;;) {
    const found = check();
    if (found) return found;
    if (performance.now() > end) throw new Error(`waited ${limit_ms} ms in vain: ${what}\n${explain()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A line of a program that writes JSON lines. */
export type Line = Readonly<Record<string, unknown>>;

/** A program that runs in the laboratory, and what it has written so far. */
export class Running {
  text = '';
  /** Resolves to the exit status when the program has ended and all of its output is here. */
  readonly ended: Promise<number | null>;

  constructor(
    readonly what: string,
    readonly child: ChildProcess,
  ) {
    const collect = (chunk: Buffer): void => {
      this.text += chunk.toString();
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    this.ended = new Promise((resolve) => {
      child.once('error', () => resolve(null));
      child.once('close', (status) => resolve(status));
    });
  }

  /** The JSON objects among its lines. */
  lines(): Line[] {
    const whole = this.text.split('\n').slice(0, -1);
    return whole.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line);
  }

  /** Waits for a JSON line that `is` likes, after the first `from` of them. */
  async line(what: string, is: (line: Line) => boolean, from = 0, limit_ms = 10_000): Promise<Line> {
    return eventually(
      what,
      () => this.lines().slice(from).find(is),
      limit_ms,
      () => `${this.what} wrote:\n${this.text}`,
    );
  }

  async until(pattern: RegExp, limit_ms = 10_000): Promise<void> {
    const explain = (): string => `${this.what} wrote:\n${this.text}`;
    await eventually(`${this.what}: ${pattern}`, () => pattern.test(this.text), limit_ms, explain);
  }

  /** Asks it to end, and ends it where it doesn't. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_TIMEOUT_MS);
    const status = await this.ended;
    clearTimeout(timer);
    return status;
  }
}

/** Words of a command; a word with blanks must be given as a word of its own. */
const words = (command: string): string[] => command.split(' ').filter((word) => word !== '');

export class Lab {
  private readonly programs = new Set<Running>();
  private readonly namespaces: string[] = [];

  /** `hosts` hosts, the nth with 10.0.0.n and 02:00:00:00:00:0n on eth0, whose other end is the switch's swn. */
  constructor(
    readonly hosts: number,
    /** The kind of the switch's ports. */
    readonly kind = process.env.LIVE_PORTS ?? 'pcap',
  ) {
    try {
      for (const place of ['sw', ...Array.from({ length: hosts }, (_, i) => `h${i + 1}`)]) this.add(place);
      for (let n = 1; n <= hosts; n++) this.wire(n);
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  private add(place: string): void {
    const namespace = this.namespace(place);
    this.ip(`netns add ${namespace}`);
    this.namespaces.push(namespace);
    // No router solicitations or neighbour discovery of the kernel's own: every frame is one that a spec knows of.
    for (const scope of ['all', 'default']) this.do(place, `sysctl -qw net.ipv6.conf.${scope}.disable_ipv6=1`);
    this.ip(`-n ${namespace} link set lo up`);
  }

  private remove(): void {
    for (const namespace of this.namespaces.splice(0)) {
      try {
        this.ip(`netns del ${namespace}`);
      } catch {
        // The others must go, too.
      }
    }
  }

  /** The namespace of a place: "sw", "h1", … */
  namespace(place: string): string {
    return `ct${process.pid}${place}`;
  }

  /** Joins host n to the switch. */
  wire(n: number): void {
    const [sw, host] = [this.namespace('sw'), this.namespace(`h${n}`)];
    this.ip(`-n ${sw} link add sw${n} type veth peer name eth0 netns ${host}`);
    this.ip(`-n ${host} link set eth0 address ${mac(n)}`);
    this.ip(`-n ${host} addr add ${address(n)}/24 dev eth0`);
    this.ip(`-n ${host} link set eth0 up`);
    this.ip(`-n ${sw} link set sw${n} up`);
  }

  /** Runs `ip`. Throws where it fails. */
  ip(command: string): void {
    execFileSync('ip', words(command), { stdio: ['ignore', 'ignore', 'pipe'] });
  }

  /** Runs a command in a place to its end and gives its output. Blocks; throws where the command fails. */
  do(place: string, command: string, ...more: string[]): string {
    const inside = ['netns', 'exec', this.namespace(place), ...words(command), ...more];
    return execFileSync('ip', inside, { encoding: 'utf8', timeout: 30_000, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Starts a program in a place. */
  start(place: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const child = spawn('ip', ['netns', 'exec', this.namespace(place), ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const running = new Running(command.slice(0, 3).join(' '), child);
    this.programs.add(running);
    void running.ended.then(() => this.programs.delete(running));
    return running;
  }

  /** Runs JavaScript in a place, in a process of its own. */
  script(place: string, source: string): Running {
    return this.start(place, [process.execPath, '--input-type=module', '-e', source]);
  }

  /** Starts the built switch with a pcap port for each host, and waits until it is ready. */
  async switch(...options: string[]): Promise<Running> {
    const ports = Array.from({ length: this.hosts }, (_, i) => ['--port', `${i + 1}=${this.kind}:sw${i + 1}`]).flat();
    return this.program('sw', ...ports, ...options);
  }

  /** Starts the built switch with these options, and waits until it is ready. */
  async program(place: string, ...options: string[]): Promise<Running> {
    const program = [process.execPath, CTSWITCH, 'run', '--json', '--dpid', 'abc', '--listen', `ptcp:${SWITCH_PORT}`];
    const running = this.start(place, [...program, ...options]);
    await running.until(/"schema":"ctswitch\/ready@1"/);
    return running;
  }

  /** Starts one of our applications for os-ken. */
  controller(application: string, env: Readonly<Record<string, string>> = {}): Running {
    const listen = ['--ofp-tcp-listen-port', String(CONTROLLER_PORT), '--ofp-listen-host', '127.0.0.1'];
    return this.start('sw', [PYTHON, OSKEN, ...listen, `${APPLICATIONS}/${application}.py`], {
      PYTHONDONTWRITEBYTECODE: '1',
      ...env,
    });
  }

  /** What ovs-ofctl says to the switch's passive address; with names, it would ask for all tables' features first. */
  ofctl(command: string, ...more: string[]): string {
    return this.do('sw', 'ovs-ofctl -O OpenFlow13 --no-names', command, SWITCH, ...more);
  }

  /** One of the counters of a host's interface: "tx_packets", "rx_bytes", … */
  counter(host: number, name: string): number {
    return Number(this.do(`h${host}`, `cat /sys/class/net/eth0/statistics/${name}`));
  }

  /** Ends all programs and removes the namespaces, with everything in them. */
  async close(): Promise<void> {
    await Promise.all([...this.programs].map((program) => program.end()));
    this.remove();
  }
}

/** Host n's IPv4 address. */
export function address(n: number): string {
  return `10.0.0.${n}`;
}

/** Host n's MAC address. */
export function mac(n: number): string {
  return `02:00:00:00:00:0${n}`;
}
