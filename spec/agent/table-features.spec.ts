/** Table features, asked for and set, in one message and in parts (OpenFlow 1.3.5 §7.3.5, §7.3.5.5), and table-mod. */
import { expect } from 'chai';
import type { AgentOptions } from '../../lib/agent/index.js';
import { MAX_REQUEST_BYTES } from '../../lib/agent/partial-requests.js';
import type { ErrorName } from '../../lib/bytes/index.js';
import { fieldNamed } from '../../lib/nxm/index.js';
import { encode, oxmId, type TableFeatures, type TableProperty } from '../../lib/wire/index.js';
import { udp4 } from '../support/frames.js';
import { ANY, type TestController, turns, type WholeSwitch, wholeSwitch } from './whole-switch.js';

const ids = (...types: number[]) => types.map((type) => ({ type }));
const oxms = (...names: string[]) =>
  names.map((text) => {
    const [name, mask] = text.split('/');
    const field = fieldNamed(name);
    if (!field) throw new Error(name);
    return oxmId(field, mask !== undefined);
  });

/** A table that matches VLAN and address, and can send, tag and go to some tables. */
function table(tableId: number, next: number[], more: Partial<TableFeatures> = {}): TableFeatures {
  const properties: TableProperty[] = [
    { type: 'instructions', ids: ids(...(next.length > 0 ? [1] : []), 4) },
    { type: 'next_tables', tables: next },
    { type: 'write_actions', ids: [] },
    { type: 'apply_actions', ids: ids(0, 17, 25) },
    { type: 'match', fields: oxms('in_port_oxm', 'eth_dst/', 'eth_type', 'vlan_vid/') },
    { type: 'wildcards', fields: oxms('in_port_oxm', 'eth_dst', 'eth_type', 'vlan_vid') },
    { type: 'write_setfield', fields: [] },
    { type: 'apply_setfield', fields: oxms('vlan_vid') },
  ];
  const name = `table ${tableId}`;
  return { tableId, name, metadataMatch: 0n, metadataWrite: 0n, config: 3, maxEntries: 3, properties, ...more };
}

/** The row with a property put in another one's place, or added, or taken out. */
function having(row: TableFeatures, property: TableProperty | null, type = property?.type): TableFeatures {
  const others = row.properties.filter((p) => p.type !== type);
  return { ...row, properties: property ? [...others, property] : others };
}

/** Rows that surely fit into a message. */
const PART_ROWS = 16;

/** Asks for the features of all tables, or sets them. */
const featuresOf = async (c: TestController, rows: TableFeatures[] = []): Promise<TableFeatures[]> => {
  c.forget();
  const xid = c.xid();
  for (let first = 0; first === 0 || first < rows.length; first += PART_ROWS) {
    const body = { kind: 'table_features', rows: rows.slice(first, first + PART_ROWS) } as const;
    await c.send({ type: 'multipart_request', xid, more: first + PART_ROWS < rows.length, body });
  }
  await turns(60);
  return c.messages.flatMap((m) => {
    if (m.type !== 'multipart_reply' || m.body.kind !== 'table_features') throw new Error(`${m.type} came`);
    return [...m.body.rows];
  });
};

describe('agent: table features', () => {
  let s: WholeSwitch;
  const start = async (options: Partial<AgentOptions> = {}): Promise<void> => {
    s = await wholeSwitch(options);
  };
  beforeEach(() => start());
  const set = (...rows: TableFeatures[]) => featuresOf(s.c, rows);

  describe('a request with rows (§7.3.5.5)', () => {
    it('makes them the tables of the pipeline, and is answered with what they are', async () => {
      const rows = [table(0, [2, 7]), table(2, [7]), table(7, [])];
      expect(await set(...rows)).to.deep.equal(rows);
      expect(await featuresOf(s.c)).to.deep.equal(rows);
      await s.c.ask(s.c.multipart({ kind: 'table' }));
      const { body } = s.c.last('multipart_reply');
      expect(body.kind === 'table' && body.rows.map(({ tableId }) => tableId)).to.deep.equal([0, 2, 7]);
    });

    it('takes tables away, with their flows and without a word, and gives them back', async () => {
      const { c } = s;
      const full = await featuresOf(c);
      await c.flow('table=1,priority=1,send_flow_rem,actions=2');
      await c.flow('table=0,priority=1,send_flow_rem,actions=resubmit(,1)');
      await set(table(0, [2]), table(2, []));
      expect(c.all('flow_removed')).to.deep.equal([]);
      expect(await c.flows()).to.deep.equal([]);
      await c.refused(c.flowMod('table=1,priority=1,actions=2'), 'OFPFMFC_BAD_TABLE_ID');
      await c.refused(c.flowMod('delete', { tableId: 1 }), 'OFPFMFC_BAD_TABLE_ID');
      s.ports[0].inject(udp4());
      expect(s.ports[1].taken()).to.deep.equal([]);
      expect(await set(...full)).to.deep.equal(full);
      await c.flow('table=1,priority=1,tcp,actions=2');
    });

    it('that says what the tables can do anyway, in any order, keeps their flows, and changes names', async () => {
      const { c } = s;
      await c.flow('table=3,priority=1,ct_state=+trk,actions=2');
      const full = await featuresOf(c);
      const turned = full.map((row) => ({
        ...row,
        name: `t${row.tableId}`,
        properties: [...row.properties].reverse().map((p): TableProperty => {
          return 'fields' in p ? { ...p, fields: p.fields.map((id) => ({ ...id, length: 0 })).reverse() } : p;
        }),
      }));
      const after = await set(...turned.reverse());
      expect(after.map(({ name }) => name).slice(0, 2)).to.deep.equal(['t0', 't1']);
      expect(after.map((row) => ({ ...row, name: '' }))).to.deep.equal(full);
      expect(await c.flows()).to.have.length(1);
      await c.flow('table=0,priority=1,tcp,tp_dst=80,actions=2');
    });

    it('removes flows of tables whose abilities change, and of no others', async () => {
      const { c } = s;
      await set(table(0, [1]), table(1, []));
      await c.flow('table=0,priority=1,actions=2');
      await c.flow('table=1,priority=1,actions=2');
      await set(table(0, [1]), having(table(1, []), { type: 'apply_actions', ids: ids(0) }));
      expect((await c.flows()).map(({ tableId }) => tableId)).to.deep.equal([0]);
    });

    it('of a controller that sees less leaves alone what it does not see', async () => {
      await start({ profile: 'minimal' });
      const { c } = s;
      await set(table(0, []));
      await c.flow('ct_state=+trk,actions=2');
      await c.refused(c.flowMod('udp,actions=2'), 'OFPBMC_BAD_FIELD');
      const [row] = await featuresOf(c);
      const match = row.properties.find(({ type }) => type === 'match');
      expect(match && 'fields' in match && match.fields).to.have.length(4);
    });
  });

  describe('flow-mods for a configured table', () => {
    const eth = 'dl_dst=02:00:00:00:00:01';
    beforeEach(async () => {
      const first = table(0, [2], { metadataMatch: 0xffn, metadataWrite: 0xf0n });
      const more = having(first, { type: 'match', fields: oxms('eth_dst/', 'eth_type', 'vlan_vid', 'metadata/') });
      const exact = having(having(table(2, []), { type: 'match', fields: oxms('eth_dst', 'vlan_vid') }), {
        type: 'wildcards',
        fields: [],
      });
      const loose = having(more, { type: 'wildcards', fields: oxms('eth_dst', 'eth_type', 'vlan_vid', 'metadata') });
      const withMetadata = having(loose, { type: 'instructions', ids: ids(1, 2, 4) });
      await set(withMetadata, having(exact, { type: 'apply_actions_miss', ids: [] }));
    });

    for (const text of [
      `${eth},actions=2,push_vlan:0x8100,set_field:4097->vlan_vid`,
      'dl_dst=01:00:00:00:00:00/01:00:00:00:00:00,actions=2',
      'metadata=0x0f/0x0f,actions=2',
      'actions=write_metadata:0x30/0x30,goto_table:2',
      `table=2,${eth},dl_vlan=5,actions=2`,
      'table=2,priority=0,actions=drop',
      `ip,${eth},actions=load:1->NXM_NX_REG0[],ct(commit),2`,
    ]) {
      it(`take ${text}`, () => s.c.flow(text));
    }
    const wrong: readonly [text: string, error: ErrorName][] = [
      ['in_port=1,actions=2', 'OFPBMC_BAD_FIELD'],
      ['metadata=0x100/0x100,actions=2', 'OFPBMC_BAD_MASK'],
      ['metadata=5,actions=2', 'OFPBMC_BAD_MASK'],
      [`table=2,${eth},actions=2`, 'OFPBMC_BAD_WILDCARDS'],
      ['table=2,actions=2', 'OFPBMC_BAD_WILDCARDS'],
      ['table=2,priority=0,actions=2', 'OFPBAC_BAD_TYPE'],
      [`${eth},actions=dec_ttl,2`, 'OFPBAC_MATCH_INCONSISTENT'],
      [`${eth},dl_vlan=5,actions=pop_vlan,2`, 'OFPBAC_BAD_TYPE'],
      [`${eth},actions=set_field:02:00:00:00:00:09->eth_src`, 'OFPBAC_BAD_SET_TYPE'],
      [`${eth},actions=clear_actions`, 'OFPBIC_UNSUP_INST'],
      [`${eth},actions=write_actions(output:2)`, 'OFPBIC_UNSUP_INST'],
      [`${eth},actions=write_metadata:0x1/0x1`, 'OFPBIC_UNSUP_METADATA_MASK'],
      [`${eth},actions=goto_table:1`, 'OFPBIC_BAD_TABLE_ID'],
      [`table=2,${eth},dl_vlan=5,actions=goto_table:3`, 'OFPBIC_BAD_TABLE_ID'],
    ];
    for (const [text, error] of wrong) {
      it(`refuse ${text}: ${error}`, async () => {
        await s.c.refused(s.c.flowMod(text), error);
        expect(await s.c.flows()).to.deep.equal([]);
      });
    }

    it('refuse one flow more than there is room for: TABLE_FULL', async () => {
      const { c } = s;
      for (const i of [1, 2, 3]) await c.flow(`priority=${i},${eth},actions=2`);
      await c.refused(c.flowMod(`priority=4,${eth},actions=2`), 'OFPFMFC_TABLE_FULL');
      await c.flow(`priority=3,${eth},actions=3`);
    });

    it('hold a modify to the same', async () => {
      const { c } = s;
      await c.flow(`priority=1,${eth},dl_vlan=5,actions=2`);
      await c.refused(c.flowMod(`modify ${eth},dl_vlan=5,actions=pop_vlan`, { tableId: 0 }), 'OFPBAC_BAD_TYPE');
    });
  });

  describe('a request that is wrong changes nothing', () => {
    const first = table(0, [1]);
    const second = table(1, []);
    const unknown = { type: 'unknown', number: 99, data: new Uint8Array(4) } as const;
    const experimenter = { type: 'experimenter', experimenter: 7, expType: 1, data: new Uint8Array(0) } as const;
    const cases: readonly [what: string, error: ErrorName, rows: TableFeatures[]][] = [
      ['a table that is not there', 'OFPTFFC_BAD_TABLE', [first, second, table(254, [])]],
      ['a table that comes twice', 'OFPTFFC_BAD_TABLE', [first, second, second]],
      ['no table 0', 'OFPTFFC_EPERM', [second]],
      ['a property that is not known', 'OFPTFFC_BAD_TYPE', [having(first, unknown), second]],
      ["an experimenter's property", 'OFPTFFC_BAD_TYPE', [having(first, experimenter), second]],
      ['a property that is missing', 'OFPTFFC_BAD_ARGUMENT', [having(first, null, 'wildcards'), second]],
      [
        'a property that comes twice',
        'OFPTFFC_BAD_ARGUMENT',
        [{ ...first, properties: [...first.properties, first.properties[0]] }, second],
      ],
      [
        'an instruction that is not supported',
        'OFPTFFC_BAD_ARGUMENT',
        [having(first, { type: 'instructions', ids: ids(9) }), second],
      ],
      [
        'an action that is not supported',
        'OFPTFFC_BAD_ARGUMENT',
        [having(first, { type: 'apply_actions', ids: ids(0, 99) }), second],
      ],
      [
        'a field that is not known',
        'OFPTFFC_BAD_ARGUMENT',
        [having(first, { type: 'match', fields: [{ ...oxms('eth_dst')[0], number: 99 }] }), second],
      ],
      [
        'a field that can not be masked',
        'OFPTFFC_BAD_ARGUMENT',
        [having(first, { type: 'match', fields: oxms('eth_type/') }), second],
      ],
      [
        'a field that can not be set',
        'OFPTFFC_BAD_ARGUMENT',
        [having(first, { type: 'apply_setfield', fields: oxms('ct_state') }), second],
      ],
      ['a next table before it', 'OFPTFFC_BAD_ARGUMENT', [first, table(1, [0])]],
      ['a next table that goes', 'OFPTFFC_BAD_ARGUMENT', [table(0, [1, 5]), second]],
      ['unknown configuration bits', 'OFPTFFC_BAD_ARGUMENT', [table(0, [1], { config: 4 }), second]],
      [
        'metadata without bits',
        'OFPTFFC_BAD_METADATA',
        [having(first, { type: 'match', fields: oxms('metadata/') }), second],
      ],
    ];
    for (const [what, error, rows] of cases) {
      it(`${what}: ${error}`, async () => {
        await s.c.flow('table=9,priority=1,actions=2');
        await s.c.refused(s.c.multipart({ kind: 'table_features', rows }), error);
        expect(await featuresOf(s.c)).to.have.length(254);
        expect(await s.c.flows()).to.have.length(1);
      });
    }

    it('a length that lies: BAD_LEN', async () => {
      const bytes = encode(s.c.multipart({ kind: 'table_features', rows: [first] }));
      bytes[17] += 4;
      await s.c.refused(bytes, 'OFPTFFC_BAD_LEN');
    });
  });

  describe('requests in parts (§7.3.5)', () => {
    const part = (xid: number, more: boolean, ...rows: TableFeatures[]) =>
      ({ type: 'multipart_request', xid, more, body: { kind: 'table_features', rows } }) as const;

    it('are put together by their xid, interleaved with others and with empty parts', async () => {
      const { c } = s;
      await c.send(part(7, true, table(0, [1])), part(8, true, table(0, [])), part(7, true));
      await c.send({ type: 'barrier_request', xid: 1 }, part(7, false, table(1, [])));
      await turns(20);
      expect(c.messages.map(({ type, xid }) => `${type} ${xid}`)).to.deep.equal([
        'barrier_reply 1',
        'multipart_reply 7',
      ]);
      expect(await featuresOf(c)).to.have.length(2);
      await c.send(part(8, false));
      expect(await featuresOf(c)).to.have.length(1);
    });

    it('are given up after a second without the next part', async () => {
      const { c, clock } = s;
      await c.send(part(7, true, table(0, [1])));
      clock.advance(900);
      await c.send(part(7, true));
      clock.advance(900);
      await turns();
      expect(c.messages).to.deep.equal([]);
      clock.advance(100);
      await turns();
      expect(c.last('error')).to.deep.include({
        xid: 7,
        error: { type: 0xffff, code: 2640, experimenter: 0x4f4e4600 },
      });
      expect(await featuresOf(c)).to.have.length(254);
    });

    it('have a bounded size and number: MULTIPART_BUFFER_OVERFLOW', async () => {
      const { c } = s;
      for (const xid of [1, 2, 3, 4]) await c.tell(part(xid, true, table(0, [])));
      await c.refused(part(5, true, table(0, [])), 'OFPBRC_MULTIPART_BUFFER_OVERFLOW');
      const big = part(1, true, ...Array.from({ length: 200 }, () => table(0, [])));
      const size = encode(big).length;
      let count = 0;
      c.forget();
      for (; count * size < MAX_REQUEST_BYTES && c.messages.length === 0; count++) await c.send(big);
      expect(c.last('error').error).to.deep.equal({ type: 1, code: 13 });
      expect(await featuresOf(c)).to.have.length(254);
    });

    it('of another kind within one: BAD_STAT', async () => {
      const { c } = s;
      await c.tell(part(7, true, table(0, [])));
      await c.refused(
        { type: 'multipart_request', xid: 7, more: false, body: { kind: 'port_stats', port: ANY } },
        'OFPBRC_BAD_STAT',
      );
    });

    it('end with their connection', async () => {
      const { c, clock } = s;
      await c.tell(part(7, true, table(0, [])));
      c.near.destroy();
      c.far.destroy();
      await turns();
      clock.advance(5_000);
    });
  });

  describe('table-mod (§7.3.3)', () => {
    it('keeps the two old bits, of one table or all, and shows them', async () => {
      const { c } = s;
      await c.tell({ type: 'table_mod', xid: 1, tableId: 3, config: 2 });
      expect((await featuresOf(c)).filter(({ config }) => config === 2).map((t) => t.tableId)).to.deep.equal([3]);
      await c.tell({ type: 'table_mod', xid: 1, tableId: 0xff, config: 1 });
      expect((await featuresOf(c)).every(({ config }) => config === 1)).to.equal(true);
    });

    it('BAD_TABLE and BAD_CONFIG', async () => {
      await s.c.refused({ type: 'table_mod', xid: 1, tableId: 254, config: 0 }, 'OFPTMFC_BAD_TABLE');
      await s.c.refused({ type: 'table_mod', xid: 1, tableId: 1, config: 4 }, 'OFPTMFC_BAD_CONFIG');
    });
  });
});
