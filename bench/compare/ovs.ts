/**
 * A private Open vSwitch (ovs-vswitchd(8)) to compare with: a userspace bridge with dummy ports and a clock that stands
 * still, in a folder of its own, without interfaces or rights. Needs only Debian's openvswitch-switch. It answers a
 * case of `simulate` in the same form.
 *
 * A frame is put in by `netdev-dummy/receive`, which only queues it; the daemon's loop does datapath, then OpenFlow,
 * then control sockets, so an echo that is sent afterwards is answered when the frame is done with. What ports sent
 * stands in the capture files that they write.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { ManagementClient } from '../../lib/manage/client.js';
import { CaptureReader } from '../../lib/pcap-file/index.js';
import type { SimulateAnswer, SimulateCase, SimulateOutput, SimulateResult } from '../../lib/simulate/case.js';
import { Controller } from './controller.js';
import { type Said, Shell } from './shell.js';

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
const START_MS = 10_000;

/** Open vSwitch isn't there, or doesn't start: one line that says what to do. */
export class OvsError extends Error {}

/** "ovs-vswitchd (Open vSwitch) 3.1.0" → "3.1.0"; throws OvsError where it isn't installed. */
export function ovsVersion(): string {
  const found = spawnSync('ovs-vswitchd', ['--version'], { encoding: 'utf8', env: { ...process.env, PATH } });
  const version = /Open vSwitch\) (\S+)/.exec(found.stdout ?? '')?.[1];
  if (version) return version;
  throw new OvsError('Open vSwitch is not installed (Debian: apt-get install openvswitch-switch)');
}

/** Frames that a port has sent, out of the capture file that it appends to. */
class Sent {
  private fd = -1;
  private readonly reader = new CaptureReader();
  private readonly chunk = Buffer.alloc(1 << 16);

  constructor(
    readonly port: number | string,
    private readonly path: string,
  ) {}

  /** Frames since the last call. */
  taken(): string[] {
    if (this.fd < 0) {
      if (!existsSync(this.path)) return [];
      this.fd = openSync(this.path, 'r');
    }
    const frames: string[] = [];
    for (;;) {
      const n = readSync(this.fd, this.chunk);
      if (n === 0) return frames;
      this.reader.push(Uint8Array.from(this.chunk.subarray(0, n)));
      for (let r = this.reader.next(); r !== null; r = this.reader.next()) {
        frames.push(Buffer.from(r.bytes.subarray(r.start, r.end)).toString('hex'));
      }
    }
  }

  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
  }
}

export interface OvsOptions {
  /** Ports 1 to this, and LOCAL. */
  readonly ports?: number;
  /** False: the clock runs, for measurements. */
  readonly stopped?: boolean;
}

export class OpenVSwitch {
  private readonly folder = mkdtempSync(`${existsSync('/dev/shm') ? '/dev/shm' : tmpdir()}/ovs.`);
  private readonly daemons: ChildProcess[] = [];
  private readonly sent: Sent[] = [];
  private shell: Shell | null = null;
  private control!: ManagementClient;
  private controller!: Controller;

  /** Do flows of the case have timeouts? */
  private timeouts = false;
  /** Does anything of the case end by itself? */
  private expires = false;
  /** Did the case before have meters? */
  private metered = false;

  /** Nothing is left behind, however this process ends. */
  private readonly ending = (): void => {
    for (const child of this.daemons) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  };

  private constructor(private readonly options: OvsOptions) {
    process.once('exit', this.ending);
  }

  /** Starts the daemons. Throws an OvsError. */
  static async start(options: OvsOptions = {}): Promise<OpenVSwitch> {
    ovsVersion();
    const ovs = new OpenVSwitch(options);
    try {
      await ovs.open();
    } catch (error) {
      await ovs.close();
      throw error;
    }
    return ovs;
  }

  private get environment(): NodeJS.ProcessEnv {
    const places = ['RUN', 'LOG', 'DB', 'SYSCONF', 'PKGDATA'].map((name) => [`OVS_${name}DIR`, this.folder]);
    return { ...process.env, PATH, ...Object.fromEntries(places), OVS_SYSLOG_METHOD: 'null' };
  }

  /** Runs one of Open vSwitch's tools to its end: its output, or its complaint. */
  tool(name: string, args: readonly string[], input = ''): Promise<Said> {
    this.shell ??= new Shell(this.folder, this.environment);
    return this.shell.run([name, ...args], input);
  }

  private async mustRun(name: string, args: readonly string[]): Promise<void> {
    const { ok, complaint } = await this.tool(name, args);
    if (!ok) throw new OvsError(`${name}: ${complaint}`);
  }

  private async daemon(name: string, args: readonly string[], socket: string): Promise<void> {
    const log = openSync(`${this.folder}/${name}.out`, 'w');
    const child = spawn(name, args, { env: this.environment, cwd: this.folder, stdio: ['ignore', log, log] });
    closeSync(log);
    let failed = '';
    child.on('error', (error) => {
      failed = error.message;
    });
    this.daemons.push(child);
    const until = Date.now() + START_MS;
    while (!existsSync(socket)) {
      if (failed || child.exitCode !== null || Date.now() > until) {
        throw new OvsError(`${name} does not start: ${failed || readFileSync(`${this.folder}/${name}.out`, 'utf8')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  private async open(): Promise<void> {
    const { folder } = this;
    const quiet = ['-vconsole:off', '-vfile:warn', '--log-file', '--pidfile'];
    await this.mustRun('ovsdb-tool', ['create', `${folder}/conf.db`, SCHEMA]);
    const database = `${folder}/db.sock`;
    const serve = [...quiet, `--unixctl=${folder}/db.ctl`, `--remote=punix:${database}`, `${folder}/conf.db`];
    await this.daemon('ovsdb-server', serve, database);
    await this.mustRun('ovs-vsctl', ['--no-wait', 'init']);
    const dummy = ['--enable-dummy', '--disable-system', '--disable-system-route'];
    await this.daemon('ovs-vswitchd', [...dummy, ...quiet, `--unixctl=${folder}/vs.ctl`], `${folder}/vs.ctl`);
    await this.mustRun('ovs-vsctl', this.bridge());
    this.control = await ManagementClient.open(`${folder}/vs.ctl`);
    this.controller = await Controller.open(`${folder}/br0.mgmt`);
    for (const port of this.ports) this.sent.push(new Sent(port, `${folder}/${port}.pcap`));
    if (this.options.stopped !== false) await this.control.call('time/stop');
    await this.controller.packetIns();
    this.frames();
  }

  private get ports(): (number | string)[] {
    return [...Array.from({ length: this.options.ports ?? 4 }, (_, i) => i + 1), 'LOCAL'];
  }

  private bridge(): string[] {
    const words = ['--', 'add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath-type=dummy', 'fail-mode=secure'];
    words.push('other-config:datapath-id=0000000000000001', 'other-config:hwaddr=aa:55:aa:55:00:00');
    words.push('protocols=[OpenFlow10,OpenFlow13,OpenFlow14,OpenFlow15]');
    // Two tags are seen; who waits for a revalidator waits a tenth of a second.
    words.push('--', 'set', 'Open_vSwitch', '.', 'other_config:vlan-limit=2', 'other_config:max-revalidator=100');
    for (const port of this.ports) {
      const name = port === 'LOCAL' ? 'br0' : `p${port}`;
      if (port !== 'LOCAL') words.push('--', 'add-port', 'br0', name, '--', 'set', 'Interface', name, 'type=dummy');
      else words.push('--', 'set', 'Interface', name);
      if (port !== 'LOCAL') words.push(`ofport_request=${port}`);
      words.push(`options:tx_pcap=${this.folder}/${port}.pcap`);
    }
    return words;
  }

  /** Are the daemons there, a moment after something went wrong? */
  async survives(): Promise<boolean> {
    await new Promise((resolve) => setTimeout(resolve, 200));
    return this.daemons.every((child) => child.exitCode === null && child.signalCode === null);
  }

  /** Where ovs-ofctl finds the bridge. */
  get address(): string {
    return `unix:${this.folder}/br0.mgmt`;
  }

  /** The process of ovs-vswitchd, to look at its memory. */
  get pid(): number {
    return this.daemons[1].pid ?? 0;
  }

  /** A command of ovs-appctl; rejects with the daemon's words. */
  appctl(method: string, ...params: string[]): Promise<string> {
    return this.control.call(method, ...params);
  }

  /** ovs-ofctl with OpenFlow 1.3. */
  ofctl(args: readonly string[], input = ''): Promise<Said> {
    return this.tool('ovs-ofctl', ['-O', 'OpenFlow13', ...args], input);
  }

  private frames(): SimulateOutput[] {
    return this.sent.flatMap((file) => file.taken().map((frame): SimulateOutput => [file.port, frame]));
  }

  /** No packets on the way, no connections, no addresses. */
  private async forget(): Promise<void> {
    await this.control.call('revalidator/purge');
    await this.control.call('dpctl/flush-conntrack');
    await this.control.call('fdb/flush');
    await this.controller.packetIns();
    this.frames();
  }

  /** Which of these lines does it refuse? Each is tried alone. Null where it takes it. */
  async refusals(flows: readonly string[], groups: readonly string[] = []): Promise<(string | null)[]> {
    const complaint = await this.load({ groups });
    if (complaint !== null) return flows.map(() => complaint);
    const answers: (string | null)[] = [];
    for (const flow of flows) {
      const { ok, complaint } = await this.ofctl(['add-flow', 'br0', flow]);
      answers.push(ok ? null : complaint);
    }
    return answers;
  }

  /** Runs a case. Rejects when the daemon is gone. */
  async run(given: SimulateCase): Promise<SimulateAnswer> {
    const text = JSON.stringify([given.flows, given.packets]);
    this.timeouts = /_timeout/.test(text);
    this.expires = /_timeout|\bct\b/.test(text);
    const id = given.id === undefined ? {} : { id: given.id };
    // What the datapath counted belongs to the case before.
    await this.control.call('revalidator/purge');
    for (const [method, ...params] of given.appctl ?? []) await this.control.call(method, ...params);
    const complaint = await this.load(given);
    if (complaint !== null) return { ...id, load_error: complaint };
    await this.forget();
    const results: SimulateResult[] = [];
    for (const step of given.packets ?? []) results.push(await this.step(step, given.cold ?? false));
    const conntrack = await this.conntrack(given.ct_opts ?? []);
    return { ...id, results, conntrack, ...(given.dump === false ? {} : { flows: await this.flows() }) };
  }

  /** Instead of all flows, groups and meters that were there; returns why not, or null. */
  private async load({ flows = [], groups = [], meters = [], packets = [] }: SimulateCase): Promise<string | null> {
    if (this.metered) await this.ofctl(['del-meters', 'br0']);
    this.metered = meters.length > 0 || /meter/.test(JSON.stringify(packets));
    for (const meter of linesOf(meters)) {
      const { ok, complaint } = await this.ofctl(['add-meter', 'br0', meter]);
      if (!ok) return complaint;
    }
    const lines = [
      ...linesOf(groups).map((line) => `group add ${line}`),
      ...linesOf(flows).map((line) => `flow ${line}`),
    ];
    const everything = `flow delete\ngroup delete group_id=all\n${lines.join('\n')}\n`;
    const { ok, complaint } = await this.ofctl(['bundle', 'br0', '-'], everything);
    return ok ? null : complaint;
  }

  private async step(step: NonNullable<SimulateCase['packets']>[number], cold: boolean): Promise<SimulateResult> {
    if ('warp' in step) {
      await this.control.call('revalidator/purge');
      // A flow goes when its time is over, not when it is up: a millisecond decides.
      await this.control.call('time/warp', String(step.warp + (this.timeouts ? 1 : 0)));
      if (this.expires) await this.control.call('revalidator/wait');
      const packet_in = await this.controller.packetIns();
      return { warp: step.warp, out: this.frames(), packet_in };
    }
    if ('ofctl' in step) {
      const { ok, complaint } = await this.ofctl(step.ofctl);
      await this.control.call('revalidator/purge');
      const packet_in = await this.controller.packetIns();
      return { ofctl: step.ofctl, ...(ok ? {} : { error: complaint }), out: this.frames(), packet_in };
    }
    if ('appctl' in step) {
      const [method, ...params] = step.appctl;
      const answer = await this.control.call(method, ...params).then(
        (text) => ({ text }),
        (error: Error) => ({ error: error.message.trim() }),
      );
      const packet_in = await this.controller.packetIns();
      return { appctl: step.appctl, ...answer, out: this.frames(), packet_in };
    }
    const [port, frame] = 'port' in step ? [step.port, step.frame] : step;
    try {
      await this.control.call('netdev-dummy/receive', port === 'LOCAL' ? 'br0' : `p${port}`, frame);
    } catch (error) {
      return { in: [port, frame], error: (error as Error).message.trim() };
    }
    const packetIns = await this.controller.packetIns();
    const out = this.frames();
    if (cold) await this.control.call('revalidator/purge');
    return {
      in: [port, frame],
      out,
      ...(packetIns.length > 0 ? { packet_in: packetIns } : {}),
      ...('port' in step && step.ct ? { ct: await this.conntrack([]) } : {}),
    };
  }

  private async conntrack(options: readonly string[]): Promise<string[]> {
    const text = await this.control.call('dpctl/dump-conntrack', ...options);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  }

  private async flows(): Promise<string[]> {
    await this.control.call('revalidator/purge');
    const { output } = await this.ofctl(['--no-names', 'dump-flows', 'br0']);
    return output
      .split('\n')
      .filter((line) => line.includes('actions='))
      .map((line) => line.trim());
  }

  /** Ends the daemons and removes the folder. */
  async close(): Promise<void> {
    this.shell?.close();
    this.control?.close();
    this.controller?.close();
    for (const file of this.sent) file.close();
    for (const child of this.daemons.reverse()) await ended(child);
    process.off('exit', this.ending);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function linesOf(text: string | readonly string[]): readonly string[] {
  return typeof text === 'string' ? text.split('\n').filter((line) => line.trim() !== '') : text;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await gone;
  clearTimeout(timer);
}
