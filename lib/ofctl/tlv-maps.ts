/** add-tlv-map, del-tlv-map and dump-tlv-map: which Geneve option is which field tun_metadata0 to 63 (ovs-ofctl(8)). */
import { didYouMean, keyValues, MAX_TLV_FIELDS, type TlvMapping } from '../nxm/index.js';
import { changeOf } from './client.js';
import { type Command, heading, type Scene } from './command.js';
import { apply } from './flows.js';
import { Misuse } from './outcome.js';

const MAPPING = /\s*\{([^{}]*)\}\s*->\s*tun_metadata(\d+)\s*(?:,|$)/y;
const KEYS = { class: ['optionClass', 0xffff], type: ['optionType', 0xff], len: ['optionLength', 0xff] } as const;

/** "{class=0xffff,type=0,len=4}->tun_metadata0", several behind one another. Throws Misuse. */
function mappingsOf(text: string): TlvMapping[] {
  const mappings: TlvMapping[] = [];
  for (MAPPING.lastIndex = 0; MAPPING.lastIndex < text.length; ) {
    const from = MAPPING.lastIndex;
    const [, inside, index] = MAPPING.exec(text) ?? [];
    if (index === undefined) {
      throw new Misuse(`a mapping is {class=C,type=T,len=N}->tun_metadata0, not "${text.slice(from)}"`);
    }
    if (Number(index) >= MAX_TLV_FIELDS) throw new Misuse(`fields are tun_metadata0 to ${MAX_TLV_FIELDS - 1}`);
    mappings.push({ ...optionOf(inside), index: Number(index) });
  }
  return mappings;
}

function optionOf(text: string): Omit<TlvMapping, 'index'> {
  const option = { optionClass: -1, optionType: -1, optionLength: -1 };
  for (const { key, value } of keyValues(text)) {
    if (!Object.hasOwn(KEYS, key)) throw new Misuse(`unknown keyword "${key}"${didYouMean(key, Object.keys(KEYS))}`);
    const [member, most] = KEYS[key as keyof typeof KEYS];
    const number = /^(\d+|0x[\da-f]+)$/i.test(value) ? Number(value) : Number.NaN;
    if (!(number <= most)) throw new Misuse(`${key} is a number up to ${most}, not "${value}"`);
    option[member] = number;
  }
  for (const [key, [member]] of Object.entries(KEYS)) {
    if (option[member] < 0) throw new Misuse(`a mapping needs ${key}=…`);
  }
  return option;
}

async function dump({ client, print }: Scene): Promise<void> {
  const reply = await client.request({ type: 'nxt_tlv_table_request' }, 'nxt_tlv_table_reply');
  const { maxOptionSpace, maxFields, mappings } = reply;
  const space = mappings.reduce((sum, { optionLength }) => sum + optionLength, 0);
  const hex = (value: number): string => (value === 0 ? '0' : `0x${value.toString(16)}`);
  print.say(
    [
      heading('NXT_TLV_TABLE_REPLY', reply.xid),
      ` max option space=${maxOptionSpace} max fields=${maxFields}`,
      ` allocated option space=${space}`,
      '',
      ' mapping table:',
      '  class  type  length  match field',
      ' ------  ----  ------  --------------',
      ...mappings.map(({ optionClass, optionType, optionLength, index }) => {
        const numbers = [hex(optionClass).padStart(7), hex(optionType).padStart(4), String(optionLength).padStart(6)];
        return `${numbers.join('  ')}  tun_metadata${index}`;
      }),
    ].join('\n'),
  );
  for (const { optionClass, optionType, optionLength, index } of mappings) {
    print.tell('tlv-mapping@1', {
      class: optionClass,
      type: optionType,
      length: optionLength,
      field: `tun_metadata${index}`,
    });
  }
}

function change(command: 'add' | 'delete') {
  return async (scene: Scene, [text]: readonly string[]): Promise<void> => {
    const all = text === undefined;
    const message = { command: all ? 'clear' : command, mappings: all ? [] : mappingsOf(text) } as const;
    await apply(scene, [changeOf({ type: 'nxt_tlv_table_mod', ...message })]);
  };
}

export const TLV_MAP_COMMANDS: readonly Command[] = [
  {
    name: 'add-tlv-map',
    args: 'MAPPING[,MAPPING…]',
    count: [1, 1],
    about: 'make Geneve options fields: {class=0xffff,type=0,len=4}->tun_metadata0',
    run: change('add'),
  },
  {
    name: 'del-tlv-map',
    args: '[MAPPING[,MAPPING…]]',
    count: [0, 1],
    about: 'take mappings back: all, or these',
    run: change('delete'),
  },
  { name: 'dump-tlv-map', about: 'which Geneve option is which field', run: dump },
];
