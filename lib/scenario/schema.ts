/**
 * What a scenario file may say, as a JSON Schema (draft 7): the parser holds files to it (validate.ts), and the package
 * publishes it for editors. What a schema can't say (names of ports, texts of packets) is checked by those who read it.
 */

import { TIMEOUT_NAMES } from '../ct/index.js';
import type { Schema } from '../yaml/index.js';

/** Words of an `expect` that are no ports. */
export const EXPECT_WORDS = ['controller', 'ct', 'connections', 'state'] as const;

const text = (description: string): Schema => ({ type: 'string', description });
const whole = (minimum: number, maximum: number, description: string): Schema => ({
  type: 'integer',
  minimum,
  maximum,
  description,
});
const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` });
/** One, several, or nothing yet, for `--update` to fill. */
const oneOrMore = (one: Schema, description: string): Schema => ({
  description,
  anyOf: [one, { type: 'array', items: one }, { type: 'null' }],
});
const closed = (description: string, properties: Record<string, Schema>, required: string[] = []): Schema => ({
  type: 'object',
  description,
  properties,
  required,
  additionalProperties: false,
});
const mapOf = (description: string, value: Schema): Schema => ({
  type: 'object',
  description,
  additionalProperties: value,
});

const tables: Record<string, Schema> = {
  meters: text('Meters, one a line, as for ovs-ofctl.'),
  groups: text('Groups, one a line, as for ovs-ofctl; a line may begin with add, modify or delete.'),
  flows: text('Flows, one a line, as for ovs-ofctl; a line may begin with add, modify, delete and so on.'),
};

const timeouts = closed(
  'Seconds; what is left out keeps its value.',
  Object.fromEntries(TIMEOUT_NAMES.map((name) => [name, whole(0, 0xffffffff, 'Seconds.')])),
);

const settings = closed('What the switch and its tracker are set to.', {
  fail_mode: { enum: ['secure', 'standalone'], description: 'secure unless said.' },
  nat_exhausted: {
    enum: ['continue', 'drop'],
    description: 'What becomes of a packet for whose translation nothing is free.',
  },
  tcp_sequence_checks: {
    type: 'boolean',
    description: 'Whether sequence numbers of TCP are checked: true unless said.',
  },
  smallest_fragment: closed('Bytes with the IP header; smaller fragments but last ones are invalid.', {
    ipv4: whole(0, 65535, 'Bytes.'),
    ipv6: whole(0, 65535, 'Bytes.'),
  }),
  connections: whole(0, 0xffffffff, 'Most connections in all zones.'),
  zone_connections: whole(0, 0xffffffff, 'Most connections of a zone without a limit of its own; 0: no limit.'),
  zone_limits: mapOf('Most connections of single zones.', whole(0, 0xffffffff, 'Connections; 0: any number.')),
  timeouts: mapOf('Timeout policies by name; "default" is that of every zone without another.', timeouts),
  zone_timeouts: mapOf('The policy of single zones.', text('The name of a policy.')),
});

const frames = oneOrMore(
  text('A packet: same, same,FIELD=VALUE…, a match that it must meet, hex, or pcap:FILE#N; drop: none.'),
  'What leaves there, in order.',
);

const controller = oneOrMore(
  {
    anyOf: [
      text('The frame of a packet-in.'),
      closed('A packet-in; what is left out may be anything.', {
        packet: text('Its frame.'),
        reason: { enum: ['no_match', 'action', 'invalid_ttl'], description: 'OFPR_*.' },
        table: whole(0, 254, 'The table that sent it.'),
        cookie: text('The cookie of the flow that sent it.'),
        max_len: whole(0, 65535, 'How much of the frame was asked for.'),
        match: text('What its match must meet: "ct_state=+new+trk,ct_zone=5".'),
      }),
    ],
  },
  'Packet-ins, in order.',
);

const expect: Schema = {
  description: 'What comes of the step. What leaves and is not named here fails.',
  anyOf: [
    { const: 'drop', description: 'Nothing leaves.' },
    { type: 'null', description: 'Nothing yet: filled by --update.' },
    {
      type: 'object',
      properties: {
        controller,
        ct: oneOrMore(
          text(
            'A connection as dpctl/dump-conntrack prints it; what is left out may be anything. none: there is none.',
          ),
          'Connections that are there afterwards.',
        ),
        connections: {
          anyOf: [whole(0, 0xffffffff, 'How many connections there are afterwards.'), { type: 'null' }],
        },
        state: oneOrMore(text('"+est+rpl", or all of it: "est|rpl|trk".'), 'What ct found, action by action.'),
      },
      additionalProperties: frames,
    },
  ],
};

const step = closed('What happens, in the order of these keys, and what is expected of it.', {
  name: text('What the step shows.'),
  wait: {
    type: 'string',
    pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)$',
    description: 'Time that passes first: 60s, 1500ms, 5m, 2h, 1d.',
  },
  settings: ref('settings'),
  link: mapOf('Links of ports.', { enum: ['up', 'down'], description: 'As if a cable were pulled.' }),
  ...tables,
  flush: {
    description: 'Connections that are ended.',
    anyOf: [
      { const: 'all', description: 'In all zones.' },
      closed('Those of a zone.', { zone: whole(0, 65535, 'Its number.') }, ['zone']),
    ],
  },
  send: mapOf(
    'Frames that come in, by port.',
    oneOrMore(text('A packet: a match text, reply, again, error, hex, or pcap:FILE#N.'), 'Frames, in order.'),
  ),
  expect: ref('expect'),
});

const scenarioKeys: Record<string, Schema> = {
  name: text('What it shows.'),
  seed: whole(0, Number.MAX_SAFE_INTEGER, 'Where all chance comes from; 1 unless said.'),
  settings: ref('settings'),
  ports: {
    type: 'object',
    description: 'The ports of the switch: a number each, or LOCAL.',
    propertyNames: { pattern: `^(?!(${['drop', ...EXPECT_WORDS].join('|')})$)[A-Za-z][A-Za-z0-9_.-]*$` },
    additionalProperties: {
      anyOf: [whole(1, 0xfeff, 'Its number.'), { const: 'LOCAL', description: 'The local port.' }],
    },
  },
  ...tables,
  steps: { type: 'array', items: ref('step'), description: 'What happens, in order, on one switch.' },
};

/** A scenario file. */
export const SCENARIO_SCHEMA: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'ctswitch/scenario@1',
  title: 'A scenario of ctswitch test',
  ...closed('One scenario (steps), or several (scenarios) that share what stands above them.', {
    ...scenarioKeys,
    scenarios: {
      type: 'array',
      description: 'Each begins with a switch of its own; its keys take the place of those above.',
      items: closed('A scenario.', scenarioKeys, ['name', 'steps']),
    },
  }),
  definitions: { settings, step, expect },
};
