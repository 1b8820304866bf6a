/** What flame graphs are made of: packets from the cache and past it, new connections, and flow-mods over a socket. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseActive } from '../../lib/channel/index.js';
import { Client, changeOf } from '../../lib/ofctl/client.js';
import { Switch } from '../../lib/switch.js';
import { systemClock } from '../../lib/system-clock.js';
import { parseFlow } from '../../lib/text/index.js';
import { FRAME_BYTES, frameSet } from '../live/frames.js';
import { range, SCENES, type Scene, scened } from './memory.js';

/** Something to look at, ready to run, a few milliseconds at a time. */
interface Running {
  readonly run: () => void | Promise<void>;
  readonly close: () => Promise<void>;
}

interface Look {
  readonly what: string;
  readonly make: () => Promise<Running>;
}

const FLOWS = 1000;
const TURN = 2000;
const [BRIDGE, ACCESS_LIST, FIREWALL] = SCENES;

/** A thousand kinds of packets of a scene, over and over. */
async function packetsOf(scene: Scene, caching: boolean): Promise<Running> {
  const made = scened(scene.flows(FLOWS), caching);
  const frames = range(FLOWS, scene.frame);
  for (let i = 0; i < FLOWS; i++) scene.before?.(made, i);
  const run = () => {
    for (let i = 0; i < TURN; i++) made.inside.receive(frames[i % FLOWS]);
  };
  return { run, close: () => made.sw.close() };
}

/** Each packet opens a connection; a hundred thousand of them, then it is another switch's turn. */
async function newConnections(): Promise<Running> {
  const count = 100_000;
  let made = scened(FIREWALL.flows(1));
  const bytes = frameSet('query', count);
  const frames = range(count, (i) => bytes.subarray(i * FRAME_BYTES, (i + 1) * FRAME_BYTES));
  let at = 0;
  const run = async () => {
    for (let i = 0; i < TURN; i++, at++) made.inside.receive(frames[at % count]);
    if (at % count !== 0) return;
    await made.sw.close();
    made = scened(FIREWALL.flows(1));
  };
  return { run, close: () => made.sw.close() };
}

/** Flow-mods by the ten thousand over a Unix socket; their sender runs in the same process. */
async function flowMods(): Promise<Running> {
  const folder = mkdtempSync(`${tmpdir()}/ctswitch-flames-`);
  const sw = new Switch();
  await sw.start({ listen: [`punix:${folder}/mgmt`] });
  const client = await Client.connect(parseActive(`unix:${folder}/mgmt`), { clock: systemClock, timeout_ms: 10_000 });
  const changes = range(10_000, (i) => {
    const text = `priority=100,tcp,in_port=1,nw_src=10.0.${i >> 8}.${i & 255},tp_dst=80,actions=output:2`;
    return changeOf({ type: 'flow_mod', change: parseFlow(text, { command: 'add' }) });
  });
  const close = async () => {
    await sw.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const run = async () => {
    await client.change(changes);
  };
  return { run, close };
}

/** By name. */
export const FLAMES: Readonly<Record<string, Look>> = {
  bridge: { what: 'From cache: bridge, 1,000 flows', make: () => packetsOf(BRIDGE, true) },
  'access-list': {
    what: 'From cache: access list over three tables, 1,000 flows',
    make: () => packetsOf(ACCESS_LIST, true),
  },
  firewall: { what: 'From cache: stateful firewall, 1,000 connections', make: () => packetsOf(FIREWALL, true) },
  translation: { what: 'Past the cache: access list over three tables', make: () => packetsOf(ACCESS_LIST, false) },
  'new-connections': { what: 'New connections through ct(commit)', make: newConnections },
  'flow-mods': { what: 'Flow-mods over a Unix socket, and who sends them', make: flowMods },
};
