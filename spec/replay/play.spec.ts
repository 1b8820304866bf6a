/** Recorded sessions played to our switch, to each other, and with a difference planted. */
import { readFileSync } from 'node:fs';
import { duplexPair } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Outcome } from '../../lib/replay/outcome.js';
import { OwnSwitch } from '../../lib/replay/own-switch.js';
import { type PlayOptions, playControllers } from '../../lib/replay/play-controller.js';
import { playSwitch } from '../../lib/replay/play-switch.js';
import { junit, outcomeText } from '../../lib/replay/report.js';
import { bySwitch, readCapture, type Session } from '../../lib/replay/session.js';
import { systemClock } from '../../lib/system-clock.js';
import { decode, encode, type Message } from '../../lib/wire/index.js';

const HOW: PlayOptions = { clock: systemClock, timeout_ms: 1000 };

function sessionsOf(name: string): readonly Session[] {
  const bytes = readFileSync(`fixtures/sessions/${name}`);
  return readCapture(new Uint8Array(name.endsWith('.gz') ? gunzipSync(bytes) : bytes)).sessions;
}

async function toOurs(sessions: readonly Session[], how = HOW): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const group of bySwitch(sessions)) {
    const own = new OwnSwitch(group);
    outcomes.push(...(await playControllers(group, () => own.connect(), how, own)));
    await own.close();
  }
  return outcomes;
}

/** Each difference in a few words. */
const words = (outcomes: readonly Outcome[]): string[] =>
  outcomes.flatMap(({ differences }) =>
    differences.map(({ kind, type, fields }) => [kind, type, ...fields.map(({ path }) => path)].join(' ')),
  );

/** The session with a message changed. */
function planted(session: Session, type: Message['type'], change: (m: Message) => Message): Session {
  const index = session.messages.findIndex(({ bytes }) => decode(bytes).type === type);
  const messages = [...session.messages];
  messages[index] = { ...messages[index], bytes: encode(change(decode(messages[index].bytes))) };
  return { ...session, messages };
}

const otherPriority = (session: Session): Session =>
  planted(session, 'flow_mod', (m) => (m.type === 'flow_mod' ? { ...m, change: { ...m.change, priority: 77 } } : m));

/** What Open vSwitch says otherwise, and why ours stays. */
const DIFFERENT: Readonly<Record<string, readonly string[]>> = {
  // A link that comes up is told twice: without LIVE, then with it.
  'open-vswitch-learning-switch.pcap': ['missing OFPT_PORT_STATUS'],
  'open-vswitch-ovs-ofctl.pcap': [
    // To a connection that came in Open vSwitch sends no packet-ins until it is told how long they may be; by OpenFlow
    // 1.3.5 §7.3.2 every one starts with 128 bytes, and gets what §6.3.5 says.
    ...Array(3).fill('differs OFPT_GET_CONFIG_REPLY miss_send_len'),
    ...Array(2).fill('unexpected OFPT_PACKET_IN'),
    'differs OFPT_GET_CONFIG_REPLY miss_send_len',
    // Loops of groups are checked here, and there are more actions; the numbers are each switch's own.
    `differs OFPST_GROUP_FEATURES reply body.capabilities ${[0, 1, 2, 3].map((i) => `body.max_groups[${i}]`).join(' ')} ${[0, 1, 2, 3].map((i) => `body.actions[${i}]`).join(' ')}`,
    'differs OFPST_METER_FEATURES reply body.max_meter body.band_types body.max_bands',
    'unexpected OFPT_FLOW_REMOVED',
  ],
};

describe('replay: a controller is played to our switch', () => {
  for (const name of [
    'os-ken-learning-switch.pcap',
    'os-ken-stateful-firewall.pcap',
    'ovs-ofctl.pcap',
    'ovs-ofctl-dump-table-features.pcap.gz',
    'open-vswitch-learning-switch.pcap',
    'open-vswitch-stateful-firewall.pcap',
    'open-vswitch-ovs-ofctl.pcap',
  ]) {
    it(`${name}: ${DIFFERENT[name] ? 'what differs is known' : 'no difference'}`, async () => {
      const outcomes = await toOurs(sessionsOf(name));
      expect(words(outcomes)).to.deep.equal(DIFFERENT[name] ?? []);
      expect(outcomes.map(({ broken }) => broken).filter((why) => why !== null)).to.deep.equal([]);
      expect(outcomes.reduce((sum, { compared }) => sum + compared, 0)).to.be.greaterThan(0);
    });
  }

  it('finds that a flow came back otherwise, and in which member', async () => {
    const sessions = sessionsOf('ovs-ofctl.pcap');
    const dump = sessions.findIndex(({ messages }) =>
      messages.some(({ bytes }) => {
        const m = decode(bytes);
        return m.type === 'multipart_reply' && m.body.kind === 'flow' && m.body.rows.length > 3;
      }),
    );
    const changed = sessions.map((session, i) =>
      i !== dump
        ? session
        : planted(session, 'multipart_reply', (m) => {
            if (m.type !== 'multipart_reply' || m.body.kind !== 'flow') return m;
            const [first, ...rows] = m.body.rows;
            return { ...m, body: { ...m.body, rows: [{ ...first, hardTimeout_s: 9 }, ...rows] } };
          }),
    );
    const outcomes = await toOurs(changed);
    expect(words(outcomes)).to.have.length(1);
    expect(words(outcomes)[0]).to.match(/^differs OFPST_FLOW reply body\.rows\[.*\]\.hard_timeout_s$/);
    const text = outcomeText(outcomes[dump]);
    expect(text).to.match(/hard_timeout_s: 9 → 0/);
    expect(text).to.match(/\(frame \d+\)/);
    const xml = junit('session.pcap', outcomes);
    expect(xml).to.include(`tests="${outcomes.length}" failures="1"`);
    expect(xml).to.match(/<failure message="1 differences">[^<]*hard_timeout_s[^<]*<\/failure>/);
  });

  it('leaves out answers to what was asked before the capture began, and says so', async () => {
    const [session] = sessionsOf('open-vswitch-stateful-firewall.pcap');
    const asked = session.messages.findIndex(({ bytes }) => decode(bytes).type === 'features_request');
    const late = { ...session, messages: session.messages.slice(asked + 1) };
    const [{ differences, notes }] = await toOurs([late]);
    expect(differences).to.deep.equal([]);
    expect(notes).to.include.members([
      `frame ${late.messages[0].frame}: OFPT_FEATURES_REPLY answers what was asked before the capture: not compared`,
    ]);
  });

  it('finds a message that never comes, unless that kind is left out', async () => {
    const [session] = sessionsOf('os-ken-learning-switch.pcap');
    const removed = planted(session, 'flow_removed', (m) => (m.type === 'flow_removed' ? { ...m, tableId: 3 } : m));
    expect(words(await toOurs([removed]))).to.deep.equal(['differs OFPT_FLOW_REMOVED table_id']);
    expect(words(await toOurs([removed], { ...HOW, ignore: ['OFPT_FLOW_REMOVED'] }))).to.deep.equal([]);
  });

  it('takes cookies, xids and durations as they come, and counters only if asked', async () => {
    const [session] = sessionsOf('os-ken-learning-switch.pcap');
    const other = planted(session, 'flow_removed', (m) =>
      m.type === 'flow_removed' ? { ...m, duration_s: 5, packets: 1000 } : m,
    );
    expect(words(await toOurs([other]))).to.deep.equal([]);
    // The packets of the flows went past the controller: nobody can repeat them.
    expect(words(await toOurs([other], { ...HOW, counters: true }))[0]).to.include('OFPT_FLOW_REMOVED packets');
  });
});

describe('replay: a switch is played to a controller', () => {
  /** Both sides at once, each out of a recording. */
  async function both(ofSwitch: Session, ofController: Session, how: PlayOptions): Promise<Outcome> {
    const [near, far] = duplexPair();
    const controller = playControllers([ofController], async () => far, how);
    const outcome = await playSwitch(ofSwitch, near, how);
    await controller;
    return outcome;
  }
  const quick: PlayOptions = { ...HOW, timeout_ms: 150 };

  it('finds no difference where the controller says the same', async () => {
    const [session] = sessionsOf('os-ken-learning-switch.pcap');
    const outcome = await both(session, session, quick);
    // The player's own fences are no part of the recording.
    expect(new Set(words([outcome]))).to.deep.equal(new Set(['unexpected OFPT_BARRIER_REQUEST']));
    expect(outcome.compared).to.be.greaterThan(8);
    expect(words([await both(session, session, { ...quick, ignore: ['OFPT_BARRIER_REQUEST'] })])).to.deep.equal([]);
  });

  it('finds a flow that the controller installs otherwise', async () => {
    const [session] = sessionsOf('os-ken-learning-switch.pcap');
    const how = { ...quick, ignore: ['OFPT_BARRIER_REQUEST'] };
    const outcome = await both(session, otherPriority(session), how);
    expect(words([outcome])).to.deep.equal(['differs OFPT_FLOW_MOD change.priority']);
  });
});
