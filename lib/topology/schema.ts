/**
 * What a topology file may say, as a JSON Schema (draft 7): the reader holds files to it, and the package publishes it
 * for editors. What a schema can't say (names that a link uses, taken ports) is checked by the planner.
 */
import type { Schema } from '../yaml/index.js';

const NAME = '^[A-Za-z][A-Za-z0-9_]*$';
const END = '^[A-Za-z][A-Za-z0-9_]*(:[0-9]+)?$';

const text = (description: string, pattern?: string): Schema => ({
  type: 'string',
  description,
  ...(pattern === undefined ? {} : { pattern }),
});
const closed = (description: string, properties: Record<string, Schema>, required: string[] = []): Schema => ({
  type: 'object',
  description,
  properties,
  required,
  additionalProperties: false,
});
/** A number, or a number with a unit. */
const quantity = (description: string, pattern: string): Schema => ({
  description,
  anyOf: [{ type: 'integer', minimum: 0 }, text(description, pattern)],
});
const list = (description: string, items: Schema): Schema => ({ type: 'array', description, items });
/** Names alone, or names with settings. */
const named = (description: string, settings: Schema): Schema => ({
  anyOf: [
    list(`${description}, by their names.`, text('A name: a letter, then letters, digits and _.', NAME)),
    {
      type: 'object',
      description: `${description}, with settings.`,
      propertyNames: { pattern: NAME },
      additionalProperties: { anyOf: [settings, { type: 'null' }] },
    },
  ],
});

const ports = (protocol: string, own: string): Schema =>
  list(`${protocol} ports that echo; ${own} unless said.`, { type: 'integer', minimum: 1, maximum: 65535 });

const switches = named(
  'Switches',
  closed('A switch.', {
    dpid: text('Datapath id, up to 16 hexadecimal digits; the number in the name unless said.', '^(0x)?[0-9a-fA-F:]+$'),
    flows: text("Flows to begin with, one a line, in ovs-ofctl's syntax."),
  }),
);

const hosts = named(
  'Virtual hosts',
  closed('A host.', {
    mac: text('MAC address; 00:00:00:00:00:01 for the first, and so on.'),
    ip: text('IPv4 address with its prefix length; 10.0.0.1/8 for the first, and so on.'),
    ip6: text('IPv6 address with its prefix length; 2001:db8::1/64 for the first, and so on.'),
    gateway: text('Where datagrams for other networks go.'),
    tcp: ports('TCP', '7 and 80'),
    udp: ports('UDP', '7 and 53'),
  }),
);

const between = list('Both ends: NAME, or NAME:PORT for a port of a switch that has a number.', text('An end.', END));

/** The JSON Schema of topology files. */
export const TOPOLOGY_SCHEMA: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'ctswitch/topology@1',
  title: 'A topology of ctswitch --topo',
  ...closed(
    'Switches, hosts and links of a network.',
    {
      switches,
      hosts,
      links: list('Cables.', {
        anyOf: [
          between,
          closed(
            'A cable with settings.',
            {
              between,
              delay: quantity(
                'Time that each frame takes: 5ms, 200us, 1s; a number counts milliseconds.',
                '^[0-9.]+(us|ms|s)?$',
              ),
              loss: quantity('Frames that are lost: 1%, 0.5%; a number counts percent.', '^[0-9.]+%?$'),
              bw: quantity('Rate: 10mbit, 64kbit, 1gbit; a number counts Mbit/s.', '^[0-9.]+(kbit|mbit|gbit)?$'),
            },
            ['between'],
          ),
        ],
      }),
    },
    ['switches'],
  ),
};
