/**
 * Debian's Open vSwitch with its userspace datapath in a lab's switch namespace, on the same interfaces as our switch
 * and in its place, for recording sessions and for measuring beside it. Its files are in a folder of its own.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, type Lab, SWITCH_PORT } from '../../spec/live/lab.js';

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

/** What stands in for a running program. */
export interface Ended {
  end(): Promise<unknown>;
}

/** Starts it with a port for each host; `controller`: what it dials. */
export async function startOpenVSwitch(lab: Lab, controller?: string): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'ovs.'));
  const places = ['RUN', 'LOG', 'DB', 'SYSCONF', 'PKGDATA'].map((name) => [`OVS_${name}DIR`, folder]);
  const env = { PATH, OVS_SYSLOG_METHOD: 'null', ...Object.fromEntries(places) };
  const tool = (...words: string[]): void => {
    execFileSync(words[0], words.slice(1), { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  tool('ovsdb-tool', 'create', `${folder}/conf.db`, SCHEMA);
  const quiet = ['-vconsole:off', '-vfile:off', '-vsyslog:off'];
  const there = (file: string) => eventually(file, () => existsSync(join(folder, file)), 10_000);
  const database = `--remote=punix:${folder}/db.sock`;
  const ovsdb = lab.start(
    'sw',
    ['ovsdb-server', ...quiet, `--unixctl=${folder}/db.ctl`, database, `${folder}/conf.db`],
    env,
  );
  await there('db.ctl');
  await new Promise((later) => setTimeout(later, 200));
  tool('ovs-vsctl', '--no-wait', 'init');
  const daemon = lab.start('sw', ['ovs-vswitchd', ...quiet, '--disable-system', `--unixctl=${folder}/vs.ctl`], env);
  await there('vs.ctl');
  const bridge = ['datapath_type=netdev', 'fail_mode=secure', 'protocols=[OpenFlow13]'];
  const id = 'other-config:datapath-id=0000000000000abc';
  tool('ovs-vsctl', 'add-br', 'br0', '--', 'set', 'bridge', 'br0', ...bridge, id);
  for (let n = 1; n <= lab.hosts; n++) {
    tool('ovs-vsctl', 'add-port', 'br0', `sw${n}`, '--', 'set', 'Interface', `sw${n}`, `ofport_request=${n}`);
  }
  tool('ovs-vsctl', 'set-controller', 'br0', `ptcp:${SWITCH_PORT}:127.0.0.1`, ...(controller ? [controller] : []));
  await there('br0.mgmt');
  await new Promise((later) => setTimeout(later, 500));
  return {
    async end() {
      await daemon.end();
      await ovsdb.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
