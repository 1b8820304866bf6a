/** Geneve options through the pipeline: the TLV table, matches, actions, what is sent, what is refused. */
import { expect } from 'chai';
import { fromHex, ManualClock, OpenFlowError, toHex } from '../../lib/bytes/index.js';
import type { TlvMapping } from '../../lib/nxm/index.js';
import { slots } from '../../lib/packet/key.js';
import { TunnelIn, type TunnelOut } from '../../lib/packet/tunnel.js';
import { memory } from '../../lib/ports/memory.js';
import type { Port, PortHost } from '../../lib/ports/port.js';
import { Switch } from '../../lib/switch.js';
import { udp4 } from '../support/frames.js';

const FRAME = udp4();
const A: TlvMapping = { optionClass: 0x0102, optionType: 0x10, optionLength: 4, index: 0 };
const B: TlvMapping = { optionClass: 0xffff, optionType: 0x81, optionLength: 12, index: 5 };
const EMPTY: TlvMapping = { optionClass: 3, optionType: 3, optionLength: 0, index: 63 };

function make(caching = true) {
  const sw = new Switch({ clock: new ManualClock(), caching });
  const [inside, out] = [sw.addPort(1, memory()), sw.addPort(3, memory({ name: 'out' }))];
  const sent: string[] = [];
  let host: PortHost | null = null;
  const port: Port = {
    kind: 'geneve',
    name: 'geneve',
    tunnel: { kind: 'geneve', remote: '192.0.2.2', local: '', out_key: 'flow', ttl: 64, gbp: false },
    start(given) {
      host = given;
    },
    send: (_bytes, _start, _end, header?: TunnelOut) => sent.push(toHex(header?.options ?? new Uint8Array(0))),
    close() {},
  };
  sw.addPort(2, port);
  /** A frame comes out of the tunnel with options. */
  const arrive = (options: string): void => {
    const tunnel = new TunnelIn();
    tunnel.key.setBytes(slots.tun_dst, Uint8Array.of(192, 0, 2, 1));
    tunnel.options = fromHex(`ffff${options}`) ?? new Uint8Array(0);
    tunnel.from = 2;
    tunnel.to = tunnel.options.length;
    host?.receive(FRAME.slice(), 0, FRAME.length, tunnel);
  };
  const map = (...mappings: TlvMapping[]) => sw.pipeline.tlvTable.apply({ command: 'add', mappings });
  const errors = () => sw.ports()[1].counters.rxErrors;
  return { sw, inside, out, sent, arrive, map, errors };
}

/** The name of the error. */
function error(job: () => void): string {
  try {
    job();
    return 'none';
  } catch (caught) {
    if (caught instanceof OpenFlowError) return caught.error;
    if (caught instanceof Error && caught.cause instanceof OpenFlowError) return caught.cause.error;
    throw caught;
  }
}

describe('pipeline/geneve-options', () => {
  it('sends the options that a flow sets, in the order of their numbers', () => {
    const { sw, inside, sent, map } = make();
    map(B, A, EMPTY);
    sw.flows.add(
      'in_port=1,actions=set_field:0x0102030405060708090a0b0c->tun_metadata5,set_field:7->tun_metadata0,output:2,' +
        'load:0xff->tun_metadata0[8..15],set_field:0->tun_metadata63,output:2',
    );
    inside.inject(FRAME);
    const b = 'ffff81030102030405060708090a0b0c';
    expect(sent).to.deep.equal([`0102100100000007${b}`, `010210010000ff07${b}00030300`]);
  });

  for (const caching of [true, false]) {
    it(`matches options that came: their bits, or that they are there (caching: ${caching})`, () => {
      const { sw, out, arrive, map } = make(caching);
      map(A, B);
      sw.flows.load(
        `
        priority=9,tun_metadata0=0x11,actions=set_field:1->reg0,resubmit(,1)
        priority=8,tun_metadata0=0x22/0xf0,actions=set_field:2->reg0,resubmit(,1)
        priority=7,tun_metadata0=0,actions=set_field:3->reg0,resubmit(,1)
        priority=6,tun_metadata5,actions=set_field:4->reg0,resubmit(,1)
        priority=0,actions=set_field:5->reg0,resubmit(,1)
        table=1,actions=move:reg0->eth_dst[0..31],move:tun_metadata0->eth_src[0..31],output:3`
          .replaceAll('tun_metadata0->', 'tun_metadata0[0..31]->')
          .replaceAll('reg0->eth', 'reg0[]->eth'),
      );
      const got = (options: string): string => {
        arrive(options);
        const [frame] = out.taken();
        return `${frame[5]} ${toHex(frame, 8, 12)}`;
      };
      const b = 'ffff81030102030405060708090a0b0c';
      for (let round = 0; round < 2; round++) {
        expect(got('0102100100000011')).to.equal('1 00000011');
        expect(got(`${b}0102100100000029`)).to.equal('2 00000029');
        expect(got(`0102100100000000${b}`)).to.equal('3 00000000');
        expect(got(b)).to.equal('4 00000000');
        expect(got('')).to.equal('5 00000000');
        expect(got('0909100100000011'), 'an option that nobody knows').to.equal('5 00000000');
      }
    });
  }

  it('passes options on from one tunnel to another, and through ct', () => {
    const { sw, arrive, sent, map } = make();
    map(A);
    sw.flows.load('in_port=2,ip,actions=ct(table=1)\ntable=1,tun_metadata0=0x11,actions=in_port');
    arrive('0102100100000011');
    arrive('0102100100000011');
    expect(sent).to.deep.equal(['0102100100000011', '0102100100000011']);
  });

  it('takes an option off', () => {
    const { sw, arrive, sent, map } = make();
    map(A, B);
    sw.flows.add('in_port=2,actions=delete_field:tun_metadata0,in_port');
    arrive('0102100100000011ffff81030102030405060708090a0b0c');
    expect(sent).to.deep.equal(['ffff81030102030405060708090a0b0c']);
    expect(error(() => sw.flows.add('actions=delete_field:tun_metadata9,2'))).to.equal('NXFMFC_INVALID_TLV_FIELD');
  });

  it('drops and counts what is cut off, of another length, or critical and unknown', () => {
    const { sw, out, arrive, map, errors } = make();
    map(A);
    sw.flows.add('actions=3');
    const bad = ['010210', '0102100200000011', '010210020000001100000000', '0909800100000011', '01021001000000110909'];
    for (const options of bad) arrive(options);
    expect(out.taken()).to.deep.equal([]);
    expect(errors()).to.equal(bad.length);
  });

  it('tells controllers of options', () => {
    const { sw, arrive, map } = make();
    map(A);
    sw.flows.add('actions=controller');
    const fields: string[] = [];
    sw.on((event) => {
      if (event.type === 'packet_in')
        fields.push(...event.packet.fields.map((f) => `${f.field.name}=${toHex(f.value)}`));
    });
    arrive('0102100100000011');
    expect(fields).to.include('tun_metadata0=00000011');
  });

  it('shows flows with their options', () => {
    const { sw, map } = make();
    map(A, B);
    sw.flows.load(`
      tun_metadata0=0x11/0xff,tun_metadata5,actions=set_field:0x5->tun_metadata5,output:2
      priority=1,tun_metadata0=0,actions=drop`);
    const shown = sw.flows.dump().map((line) => line.replace(/.*n_bytes=0, /, ''));
    expect(shown).to.deep.equal([
      'tun_metadata0=0x11/0xff,tun_metadata5 actions=set_field:0x5->tun_metadata5,output:2',
      'priority=1,tun_metadata0=0 actions=drop',
    ]);
  });

  it('refuses flows, groups and packet-outs with options that are not mapped, or too long', () => {
    const { sw, map } = make();
    map(A);
    const refused = (line: string) => error(() => sw.flows.add(line));
    expect(refused('tun_metadata1=5,actions=2')).to.equal('NXFMFC_INVALID_TLV_FIELD');
    expect(refused('actions=set_field:5->tun_metadata1')).to.equal('NXFMFC_INVALID_TLV_FIELD');
    expect(refused('actions=ct(commit,exec(set_field:5->ct_mark)),move:tun_metadata1[0..3]->reg0[0..3]')).to.equal(
      'NXFMFC_INVALID_TLV_FIELD',
    );
    expect(refused('tun_metadata0=0x1122334455,actions=2')).to.equal('OFPBMC_BAD_LEN');
    expect(refused('actions=move:tun_metadata0[16..47]->reg0')).to.equal('OFPBAC_BAD_SET_LEN');
    expect(error(() => sw.groups.add('group_id=1,type=all,bucket=actions=set_field:5->tun_metadata9'))).to.equal(
      'NXFMFC_INVALID_TLV_FIELD',
    );
    expect(sw.flows.list()).to.deep.equal([]);
  });

  it('has the rules of the table: taken numbers and options, room, lengths, and fields in use', () => {
    const { sw, map } = make();
    map(A, B);
    const add = (change: Partial<TlvMapping>) => error(() => map({ ...A, index: 7, optionType: 0x77, ...change }));
    expect(add({ index: 0 })).to.equal('NXTTMFC_ALREADY_MAPPED');
    expect(add({ optionType: A.optionType })).to.equal('NXTTMFC_DUP_ENTRY');
    expect(add({ optionLength: 6 })).to.equal('NXTTMFC_BAD_OPT_LEN');
    expect(add({ optionLength: 128 })).to.equal('NXTTMFC_BAD_OPT_LEN');
    expect(add({ index: 64 })).to.equal('NXTTMFC_BAD_FIELD_IDX');
    const long = { optionLength: 120, optionClass: 9 };
    expect(error(() => map({ ...A, ...long, index: 8 }, { ...A, ...long, index: 9, optionType: 1 }))).to.equal('none');
    expect(add({})).to.equal('NXTTMFC_TABLE_FULL');
    sw.flows.add('tun_metadata0=1,actions=set_field:2->tun_metadata5,output:2');
    sw.groups.add('group_id=1,type=all,bucket=actions=set_field:5->tun_metadata8');
    const table = sw.pipeline.tlvTable;
    for (const used of [A, B, { ...A, index: 8 }]) {
      expect(error(() => table.apply({ command: 'delete', mappings: [used] }))).to.equal('NXTTMFC_INVALID_TLV_DEL');
    }
    expect(error(() => table.apply({ command: 'clear', mappings: [] }))).to.equal('NXTTMFC_INVALID_TLV_DEL');
    expect(table.list().map(({ index }) => index)).to.deep.equal([0, 5, 8, 9]);
    table.apply({ command: 'delete', mappings: [{ ...A, index: 9 }] });
    sw.flows.apply({
      ...sw.flows.list()[0],
      command: 'delete',
      cookieMask: 0n,
      bufferId: 0,
      outPort: 0xffffffff,
      outGroup: 0xffffffff,
    });
    table.apply({ command: 'delete', mappings: [A, B] });
    expect(table.list().map(({ index }) => index)).to.deep.equal([8]);
  });

  it('an option that is mapped anew is another field, and programs follow', () => {
    const { sw, out, arrive, map } = make();
    sw.flows.add('actions=3');
    arrive('0909800000000011'.slice(0, 8));
    expect(out.taken().length, 'critical, and unknown').to.equal(0);
    map({ optionClass: 0x0909, optionType: 0x80, optionLength: 0, index: 1 });
    sw.flows.add('priority=40000,tun_metadata1,actions=3,3');
    arrive('0909800000000011'.slice(0, 8));
    expect(out.taken().length).to.equal(2);
  });
});
