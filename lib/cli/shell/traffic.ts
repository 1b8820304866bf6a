/** What a person makes hosts do: ping, pingall, UDP and TCP, and a reason where it fails. */
import { parseIpv4, parseIpv6 } from '../../bytes/index.js';
import { didYouMean } from '../../nxm/suggestion.js';
import type { HostPort, Probe } from '../../ports/host.js';
import { portState } from '../events.js';
import { type Call, type Outcome, type Scene, Unclear } from './outcome.js';

export const DEFAULT_PINGS = 3;
const MAX_PINGS = 10_000;
const PING_INTERVAL_MS = 250;
const PING_TIMEOUT_MS = 1000;

/** A host's name or an address, as an address that the host can ask for. */
function addressOf(scene: Scene, from: HostPort, text: string): string {
  const host = scene.hosts.get(text);
  if (host === from) throw new Unclear(`${from.name} is itself: give another host`);
  if (host !== undefined) return host.addresses[0];
  if (parseIpv4(text) === null && parseIpv6(text) === null) {
    const names = [...scene.hosts.keys()];
    const hint = didYouMean(text, names) || `; the hosts are ${names.join(', ')}`;
    throw new Unclear(`"${text}" is no host and no address${hint}`);
  }
  if (from.addresses.includes(text)) throw new Unclear(`${text} is ${from.name} itself: give another address`);
  return text;
}

/** "h2:80", "10.0.0.2:80", "[2001:db8::2]:80". */
function placeOf(scene: Scene, from: HostPort, text: string, form: string): { address: string; port: number } {
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  const port = Number(parts?.[3]);
  if (parts === null || port < 1 || port > 0xffff) throw new Unclear(`"${text}" is no host and port: ${form}`);
  return { address: addressOf(scene, from, parts[1] ?? parts[2]), port };
}

function label(scene: Scene, text: string, address: string): string {
  return scene.hosts.has(text) ? `${text} (${address})` : address;
}

/** `h1 ping h2 [COUNT]`: a line a probe, as it comes. */
export async function ping(from: HostPort, [to, count, ...rest]: string[], call: Call): Promise<Outcome> {
  const form = `${from.name} ping HOST|ADDRESS [COUNT]`;
  if (to === undefined || rest.length > 0) throw new Unclear(form);
  const times = count === undefined ? DEFAULT_PINGS : Number(count);
  if (!Number.isInteger(times) || times < 1 || times > MAX_PINGS) {
    throw new Unclear(`"${count}" is no count: 1 to ${MAX_PINGS} (${form})`);
  }
  const { scene, say, signal } = call;
  const address = addressOf(scene, from, to);
  let answered = 0;
  let sent = 0;
  while (sent < times && !signal.aborted) {
    if (sent > 0) await pause(PING_INTERVAL_MS, signal);
    const probe = await unlessStopped(probeOnce(from, address), signal);
    if (probe === null) break;
    sent++;
    if (probe.outcome === 'reply') answered++;
    say(`  ${sent}: ${probeText(probe, label(scene, to, address))}`);
  }
  say(`${from.name} → ${label(scene, to, address)}: ${answered} of ${sent} pings answered`);
  if (answered < sent) explain(from, to, call);
  return answered === sent && sent > 0 ? 'ok' : 'failed';
}

async function probeOnce(from: HostPort, address: string): Promise<Probe> {
  const [probe] = await from.ping(address, { count: 1, timeout_ms: PING_TIMEOUT_MS });
  return probe;
}

function probeText({ outcome, rtt_ms = 0 }: Probe, whom: string): string {
  if (outcome === 'reply') return `${whom} answers in ${rtt_ms.toFixed(2)} ms`;
  return outcome === 'timeout' ? `no answer within ${PING_TIMEOUT_MS / 1000} s` : `${whom} is unreachable`;
}

/** `pingall`: every host to every other one. */
export async function pingAll(words: string[], { scene, say, signal }: Call): Promise<Outcome> {
  if (words.length > 0) throw new Unclear('pingall');
  const hosts = [...scene.hosts.values()];
  const results = await unlessStopped(
    Promise.all(
      hosts.map((from) => Promise.all(hosts.map((to) => (from === to ? null : probeOnce(from, to.addresses[0]))))),
    ),
    signal,
  );
  if (results === null) return 'failed';
  const width = Math.max(...hosts.map(({ name }) => name.length)) + 2;
  const line = (cells: string[]) => `  ${cells.map((cell) => cell.padEnd(width)).join('')}`.trimEnd();
  say(line(['', ...hosts.map(({ name }) => name)]));
  for (const [i, row] of results.entries()) {
    say(line([hosts[i].name, ...row.map((probe) => (probe === null ? '·' : probe.outcome === 'reply' ? 'ok' : '–'))]));
  }
  const all = results.flat().filter((probe) => probe !== null);
  const answered = all.filter(({ outcome }) => outcome === 'reply').length;
  say(`${answered}/${all.length} pings answered`);
  return answered === all.length ? 'ok' : 'failed';
}

/** `h1 udp h2:53 [TEXT]`: a datagram, and what comes back. */
export async function udp(from: HostPort, [to, ...text]: string[], call: Call): Promise<Outcome> {
  const { scene, say, signal } = call;
  const form = `${from.name} udp HOST:PORT [TEXT]`;
  if (to === undefined) throw new Unclear(form);
  const { address, port } = placeOf(scene, from, to, form);
  const result = await unlessStopped(from.udp(address, port, text.join(' ') || `hello from ${from.name}`), signal);
  if (result === null) return 'failed';
  if (result.outcome === 'reply') {
    const { reply = new Uint8Array(0), rtt_ms = 0 } = result;
    say(`${from.name} → ${to}: ${reply.length} bytes came back in ${rtt_ms.toFixed(2)} ms: ${printable(reply)}`);
    return 'ok';
  }
  const closed = `unreachable${listOfOpen(scene, address, 'udp')}`;
  say(`${from.name} → ${to}: ${result.outcome === 'timeout' ? 'no answer within 1 s' : closed}`);
  if (result.outcome === 'timeout') explain(from, to.replace(/:\d+$/, ''), call);
  return 'failed';
}

/** `h1 tcp h2:80 [TEXT]`: a connection: open, send, read what comes back, close. */
export async function tcp(from: HostPort, [to, ...text]: string[], call: Call): Promise<Outcome> {
  const { scene, say, signal } = call;
  const form = `${from.name} tcp HOST:PORT [TEXT]`;
  if (to === undefined) throw new Unclear(form);
  const { address, port } = placeOf(scene, from, to, form);
  const sent = text.join(' ') || `hello from ${from.name}`;
  const result = await unlessStopped(from.tcp(address, port, sent, TCP_TIMEOUT_MS), signal);
  if (result === null) return 'failed';
  const arrow = `${from.name} → ${to}: `;
  if (result.outcome === 'closed') {
    const echo = `${result.received_bytes} bytes came back: ${printable(result.received)}`;
    say(`${arrow}connected, ${echo}, closed by both after ${result.duration_ms.toFixed(2)} ms`);
    return 'ok';
  }
  const within = `within ${TCP_TIMEOUT_MS / 1000} s`;
  const why = {
    refused: `refused${listOfOpen(scene, address, 'tcp')}`,
    reset: 'the connection was reset',
    timeout: `${result.connected ? 'connected, but not closed' : 'no connection'} ${within}`,
    unreachable: 'unreachable',
  }[result.outcome];
  say(arrow + why);
  if (!result.connected && result.outcome !== 'refused') explain(from, to.replace(/:\d+$/, ''), call);
  return 'failed';
}

const TCP_TIMEOUT_MS = 3000;

/** ": h2 has 7 and 80 open", where the address is a host's. */
function listOfOpen(scene: Scene, address: string, protocol: 'udp' | 'tcp'): string {
  const host = [...scene.hosts.values()].find(({ addresses }) => addresses.includes(address));
  if (host === undefined) return '';
  return `: ${host.name} has ${protocol} ${host.openPorts(protocol).join(' and ')} open`;
}

function printable(bytes: Uint8Array): string {
  return JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 60))) + (bytes.length > 60 ? '…' : '');
}

/** Why nothing came through, as far as it can be seen from here, and what to do. */
function explain(from: HostPort, to: string, { scene, say }: Call): void {
  const { hosts, places } = scene;
  const ends = [from.name, ...(hosts.has(to) ? [to] : [])];
  for (const name of ends) {
    const state = portState((scene.portOf(name) as NonNullable<ReturnType<Scene['portOf']>>).port);
    if (state === 'up') continue;
    const off = `${name}'s port is switched off (ovs-ofctl mod-port)`;
    say(`  ${state === 'off' ? off : `${name}'s link is down: link ${name} up`}`);
    return;
  }
  const known = [...hosts.values()].some(({ addresses }) => addresses.includes(to));
  const pulled = scene.links.find(({ isUp }) => !isUp);
  const empty = places.find(({ sw }) => sw.flows.list().length === 0);
  if (!hosts.has(to) && !known) say(`  ${to} is none of the hosts' addresses: hosts lists them`);
  else if (pulled) say(`  the link between ${pulled.ends.join(' and ')} is down; links lists them`);
  else if (!empty) say('  the flows decide that: flows shows them and how many packets each took');
  else if (!empty.sw.standalone) {
    const all = places.length > 1 ? `${empty.name} has no flows` : 'there are no flows';
    say(`  a controller is in charge and ${all}, so everything is dropped; for a learning switch:`);
    say(`  ovs-ofctl -O OpenFlow13 add-flow ${empty.target} actions=NORMAL`);
  }
}

/** What was waited for, or null once nobody waits. */
async function unlessStopped<T>(result: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return null;
  const settled = new AbortController();
  const stopped = new Promise<null>((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true, signal: settled.signal });
  });
  try {
    return await Promise.race([result, stopped]);
  } finally {
    settled.abort();
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await unlessStopped(new Promise<void>((resolve) => setTimeout(resolve, ms)), signal);
}
