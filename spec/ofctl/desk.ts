/** Commands run in the spec's own process against an address: what they say to people, and to programs. */

import { parseActive } from '../../lib/channel/index.js';
import { PLAIN_NAMES, textNames } from '../../lib/nxm/index.js';
import { Client, COMMANDS, type CommandOptions, type Scene } from '../../lib/ofctl/index.js';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { Switch } from '../../lib/switch.js';
import { RealClock } from '../agent/real-clock.js';
import { holdToSchema } from '../support/lines.js';

const clock = new RealClock();

/** Commands of extensions to OpenFlow, which extensions.spec.ts runs; commands.spec.ts runs all others. */
export const EXTENSIONS: readonly string[] = [
  ...['bundle', 'ct-flush', 'ct-flush-zone', 'add-tlv-map', 'del-tlv-map', 'dump-tlv-map'],
];

export interface Row {
  readonly schema: string;
  readonly [key: string]: unknown;
}

export interface Answer {
  readonly lines: readonly string[];
  readonly rows: readonly Row[];
  readonly result: unknown;
}

export interface DeskOptions extends CommandOptions {
  readonly names?: boolean;
  /** Files by their names. */
  readonly files?: Readonly<Record<string, string>>;
  /** Resolves when endless commands end. */
  readonly interrupted?: Promise<unknown>;
  /** Sees each line and row as it comes. */
  readonly heard?: (text: string) => void;
}

export function connect(address: string, timeout_ms = 5_000): Promise<Client> {
  return Client.connect(parseActive(address), { clock, timeout_ms });
}

/** Runs a command, for people unless `json`. */
export async function ofctl(
  address: string,
  name: string,
  args: readonly string[] = [],
  options: DeskOptions & { readonly json?: boolean } = {},
): Promise<Answer> {
  const command = COMMANDS.find((each) => each.name === name || each.aka?.includes(name));
  if (!command) throw new Error(`there is no command ${name}`);
  const client = await connect(address);
  const ports = await client.list({ kind: 'port_desc' });
  const lines: string[] = [];
  const rows: Row[] = [];
  const { json = false, names = false, files = {}, heard = () => {} } = options;
  const scene: Scene = {
    client,
    options,
    names: names ? textNames(new Map(ports.map((port) => [port.number, port.name]))) : PLAIN_NAMES,
    ports: new Map(ports.map((port) => [port.name, port.number])),
    print: {
      json,
      say: (text) => {
        if (json) return;
        lines.push(...text.split('\n'));
        heard(text);
      },
      tell: (schema, value) => {
        if (!json) return;
        const row = JSON.parse(JSON.stringify({ schema, ...value })) as Row;
        holdToSchema({ ...row, schema: `ctswitch/${schema}` });
        rows.push(row);
        heard(schema);
      },
    },
    read: async (file) => files[file] ?? '',
    packetText: (frame, inPort) => `${frame.length} bytes from ${inPort}`,
    connect,
    interrupted: options.interrupted ?? new Promise(() => {}),
    now: () => clock.now(),
  };
  try {
    return { lines, rows, result: await command.run(scene, args) };
  } finally {
    await client.close();
  }
}

/** The same as rows. */
export async function rowsOf(address: string, name: string, args: readonly string[] = []): Promise<readonly Row[]> {
  return (await ofctl(address, name, args, { json: true })).rows;
}

/** A switch with ports 1 to 3 (p1 to p3) and LOCAL that listens, and its address for clients. */
export async function listening(): Promise<{ sw: Switch; address: string; ports: MemoryPort[] }> {
  const sw = new Switch({ failMode: 'secure' });
  const ports = ([1, 2, 3, 'LOCAL'] as const).map((number) => sw.addPort(number, memory({ name: `p${number}` })));
  const [first] = (await sw.start({ listen: ['ptcp:0'] })).listening;
  return { sw, address: `tcp:127.0.0.1:${first.split(':')[1]}`, ports };
}
