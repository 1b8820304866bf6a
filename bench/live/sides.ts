/** The switches that are measured: Debian's Open vSwitch with its userspace datapath, and ours; one laboratory each. */
import { type ChildProcess, execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { OvsError, ovsVersion } from '../compare/ovs.js';
import { Lab } from './lab.js';

const SWITCH = fileURLToPath(new URL('../../bin/ctswitch.js', import.meta.url));
const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
const START_MS = 15_000;
const TICKS_A_SECOND = 100;

export abstract class Side {
  abstract readonly name: string;
  /** Of the management socket. */
  abstract readonly socket: string;
  protected readonly folder = mkdtempSync(`${tmpdir()}/ctswitch-live-`);
  protected readonly children: ChildProcess[] = [];

  protected constructor(readonly lab: Lab) {}

  /** The process that forwards. */
  protected abstract readonly pid: number;

  protected async appears(path: string): Promise<void> {
    const until = Date.now() + START_MS;
    while (!existsSync(path)) {
      const dead = this.children.some((child) => child.exitCode !== null);
      if (Date.now() > until || dead) throw new OvsError(`${this.name} does not start`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Runs ovs-ofctl on it. */
  ofctl(...words: string[]): Promise<string> {
    const [command, ...rest] = words;
    const all = ['-O', 'OpenFlow13', command, `unix:${this.socket}`, ...rest];
    return new Promise((resolve, reject) => {
      execFile('ovs-ofctl', all, { maxBuffer: 1 << 28 }, (error, text, complaint) =>
        error ? reject(new Error(`${this.name}: ovs-ofctl ${command}: ${complaint}`)) : resolve(text),
      );
    });
  }

  /** Replaces all flows. */
  async setFlows(flows: readonly string[]): Promise<void> {
    const file = `${this.folder}/flows`;
    writeFileSync(file, `${flows.join('\n')}\n`);
    await this.ofctl('del-flows');
    await this.ofctl('add-flows', file);
  }

  /**
   * Processor time so far, in seconds, all of its threads and what the kernel did in its name. Throws where it is gone.
   */
  cpu_s(): number {
    if (!existsSync(`/proc/${this.pid}/stat`)) throw new Error(`${this.name} has ended`);
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
  }

  async close(): Promise<void> {
    for (const child of this.children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      await new Promise((resolve) => child.once('close', resolve) && child.kill('SIGTERM'));
    }
    this.lab.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class OurSide extends Side {
  readonly socket = `${this.folder}/mgmt`;
  protected pid = 0;

  private constructor(readonly name: string) {
    super(new Lab('cl'));
  }

  /** Starts it with ports of a kind. */
  static async start(kind = 'pcap', name = 'ctswitch'): Promise<OurSide> {
    const side = new OurSide(name);
    try {
      const ports = ['--port', `1=${kind}:p1`, '--port', `2=${kind}:p2`];
      const command = [process.execPath, SWITCH, 'run', '--listen', `punix:${side.socket}`, ...ports];
      const child = side.lab.start('s', command, 'ignore');
      side.children.push(child);
      side.pid = child.pid ?? 0;
      await side.appears(side.socket);
      return side;
    } catch (error) {
      await side.close();
      throw error;
    }
  }
}

export class OvsSide extends Side {
  readonly name = 'Open vSwitch';
  readonly socket = `${this.folder}/br0.mgmt`;
  protected pid = 0;

  private constructor() {
    super(new Lab('ol'));
  }

  static async start(): Promise<OvsSide> {
    ovsVersion();
    const side = new OvsSide();
    try {
      await side.open();
      return side;
    } catch (error) {
      await side.close();
      throw error;
    }
  }

  private async open(): Promise<void> {
    const { folder } = this;
    const places = ['RUN', 'LOG', 'DB', 'SYSCONF', 'PKGDATA'].map((name) => [`OVS_${name}DIR`, folder]);
    const env = { ...process.env, PATH, ...Object.fromEntries(places), OVS_SYSLOG_METHOD: 'null' };
    const must = (...words: string[]): void => {
      const { status, stderr } = spawnSync(words[0], words.slice(1), { env, encoding: 'utf8' });
      if (status !== 0) throw new OvsError(`${words[0]}: ${stderr}`);
    };
    must('ovsdb-tool', 'create', `${folder}/conf.db`, SCHEMA);
    const quiet = ['-vconsole:off', '-vfile:warn', '--log-file'];
    const database = [`--remote=punix:${folder}/db.sock`, `--unixctl=${folder}/db.ctl`, `${folder}/conf.db`];
    this.children.push(this.lab.start('g', ['ovsdb-server', ...quiet, ...database], 'ignore', env));
    await this.appears(`${folder}/db.sock`);
    must('ovs-vsctl', '--no-wait', 'init');
    const switchd = ['ovs-vswitchd', '--disable-system', ...quiet, `--unixctl=${folder}/vs.ctl`];
    const child = this.lab.start('s', switchd, 'ignore', env);
    this.children.push(child);
    this.pid = child.pid ?? 0;
    await this.appears(`${folder}/vs.ctl`);
    const bridge = ['add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath_type=netdev', 'fail-mode=secure'];
    const threads = ['other_config:n-handler-threads=1', 'other_config:n-revalidator-threads=1'];
    const ports = ['p1', 'p2'].flatMap((port, i) => [
      ...['--', 'add-port', 'br0', port],
      ...['--', 'set', 'Interface', port, `ofport_request=${i + 1}`],
    ]);
    must('ovs-vsctl', ...bridge, 'protocols=[OpenFlow13]', '--', 'set', 'Open_vSwitch', '.', ...threads, ...ports);
    await this.appears(this.socket);
  }
}
