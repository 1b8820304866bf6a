/**
 * A genuine Open vSwitch with its userspace datapath in one place of a laboratory: for specs that want it on the other
 * end.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, type Lab, type Running } from './lab.js';

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';

export class LabOpenVSwitch {
  private readonly folder = mkdtempSync(join(tmpdir(), 'lab-ovs-'));
  private readonly daemons: Running[] = [];
  private readonly environment: NodeJS.ProcessEnv;

  private constructor(
    private readonly lab: Lab,
    private readonly place: string,
  ) {
    const places = ['RUN', 'LOG', 'DB', 'SYSCONF'].map((name) => [`OVS_${name}DIR`, this.folder]);
    const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;
    this.environment = { ...process.env, ...Object.fromEntries(places), PATH: path, OVS_SYSLOG_METHOD: 'null' };
  }

  /** Starts the daemons in a place. */
  static async start(lab: Lab, place: string): Promise<LabOpenVSwitch> {
    const ovs = new LabOpenVSwitch(lab, place);
    const { folder } = ovs;
    ovs.tool('ovsdb-tool', 'create', join(folder, 'conf.db'), SCHEMA);
    const socket = join(folder, 'db.sock');
    const quiet = ['-vconsole:warn', '-vsyslog:off'];
    ovs.daemon('ovsdb-server', join(folder, 'conf.db'), `--remote=punix:${socket}`, '--pidfile', ...quiet);
    await eventually('the database answers', () =>
      ovs.answers('ovs-vsctl', `--db=unix:${socket}`, '--no-wait', 'init'),
    );
    ovs.daemon('ovs-vswitchd', `unix:${socket}`, '--pidfile', '--disable-system', ...quiet);
    await eventually('Open vSwitch answers', () => ovs.answers('ovs-appctl', '-t', 'ovs-vswitchd', 'version'));
    return ovs;
  }

  private daemon(...command: readonly string[]): void {
    this.daemons.push(this.lab.start(this.place, command, this.environment as Record<string, string>));
  }

  private answers(...command: readonly string[]): boolean {
    try {
      this.tool(...command);
      return true;
    } catch {
      return false;
    }
  }

  /** Runs one of Open vSwitch's tools in its place; throws with what it complains of. */
  tool(...command: readonly string[]): string {
    const inside = ['netns', 'exec', this.lab.namespace(this.place), ...command];
    return execFileSync('ip', inside, { encoding: 'utf8', env: this.environment, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** `ovs-vsctl` with words of a command. */
  vsctl(command: string): void {
    this.tool('ovs-vsctl', `--db=unix:${join(this.folder, 'db.sock')}`, '--timeout=10', ...command.split(' '));
  }

  /** `ovs-ofctl` on one of its bridges. */
  ofctl(...words: readonly string[]): string {
    return this.tool('ovs-ofctl', '-O', 'OpenFlow13', ...words);
  }

  async close(): Promise<void> {
    for (const daemon of this.daemons.reverse()) await daemon.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
