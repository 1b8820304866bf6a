import { expect } from 'chai';
import fc from 'fast-check';
import { TextError } from '../../lib/bytes/index.js';
import { type Action, type GroupMod, type MeterMod, OFPG, OFPM, OFPMF, OFPP } from '../../lib/nxm/index.js';
import { formatGroup, formatMeter, parseGroup, parseGroups, parseMeter, parseMeters } from '../../lib/text/index.js';

function mistakeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof TextError) return error.message;
    throw error;
  }
  throw new Error('no mistake');
}

const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    fc.integer({ min: 1, max: 0xfeff }).map((port): Action => ({ type: 'output', port, maxLen: 0 })),
    fc.constant<Action>({ type: 'dec_ttl' }),
    fc.nat(0xffffff).map((group): Action => ({ type: 'group', group })),
    fc.nat().map((queue): Action => ({ type: 'set_queue', queue })),
  ),
  { maxLength: 4 },
);

const groups: fc.Arbitrary<GroupMod> = fc
  .constantFrom('all' as const, 'select' as const, 'indirect' as const, 'ff' as const)
  .chain((groupType) =>
    fc.record({
      command: fc.constant('add' as const),
      groupType: fc.constant(groupType),
      groupId: fc.nat(OFPG.MAX),
      buckets: fc.array(
        fc.record({
          weight: groupType === 'select' ? fc.nat(0xffff) : fc.constant(0),
          watchPort: groupType === 'ff' ? fc.integer({ min: 1, max: 0xfeff }) : fc.constant<number>(OFPP.ANY),
          watchGroup: fc.oneof(fc.constant<number>(OFPG.ANY), fc.nat(OFPG.MAX)),
          actions,
        }),
        { maxLength: groupType === 'indirect' ? 1 : 4 },
      ),
    }),
  );

const meters: fc.Arbitrary<MeterMod> = fc.boolean().chain((burst) =>
  fc.record({
    command: fc.constant('add' as const),
    flags: fc
      .constantFrom<number>(OFPMF.KBPS, OFPMF.PKTPS, OFPMF.KBPS | OFPMF.STATS)
      .map((flags) => flags | (burst ? OFPMF.BURST : 0)),
    meterId: fc.oneof(fc.integer({ min: 1, max: OFPM.MAX }), fc.constantFrom<number>(OFPM.CONTROLLER, OFPM.SLOWPATH)),
    bands: fc.array(
      fc.oneof(
        fc.record({
          type: fc.constant('drop' as const),
          rate: fc.integer({ min: 1, max: 0xffffffff }),
          burst: burst ? fc.integer({ min: 1, max: 0xffffffff }) : fc.constant(0),
        }),
        fc.record({
          type: fc.constant('dscp_remark' as const),
          rate: fc.integer({ min: 1, max: 0xffffffff }),
          burst: burst ? fc.integer({ min: 1, max: 0xffffffff }) : fc.constant(0),
          precLevel: fc.integer({ min: 1, max: 255 }),
        }),
      ),
      { minLength: 1, maxLength: 4 },
    ),
  }),
);

describe('groups as text', () => {
  it('are read back as they were printed', () => {
    fc.assert(
      fc.property(groups, (group) => {
        expect(parseGroup(formatGroup(group))).to.deep.equal(group);
      }),
    );
  });

  it('a file: a change a line, with or without a command, comments left out', () => {
    const text =
      '# two groups\nadd group_id=1,type=all\n\n  mod group_id=1,type=ff # no buckets\ndelete group_id=1\ndelete';
    expect(parseGroups(text).map(({ command, groupId, groupType }) => [command, groupId, groupType])).to.deep.equal([
      ['add', 1, 'all'],
      ['modify', 1, 'ff'],
      ['delete', 1, 'all'],
      ['delete', OFPG.ALL, 'all'],
    ]);
  });

  const MISTAKES: [text: string, mistake: string][] = [
    ['group_id=x,type=all', 'line 1:10: group_id is a number up to 4294967040, not "x"'],
    ['group_id=1,type=al', 'line 1:17: "al" is no group type: all, select, indirect, ff'],
    ['group_id=1,tipe=all', 'line 1:12: unknown keyword "tipe" (did you mean "type"?)'],
    ['type=all', 'line 1:1: a group needs group_id=…'],
    ['group_id=1,type=all,selection_method=hash', 'line 1:21: selection_method needs OpenFlow 1.5'],
    ['group_id=1,type=all,bucket=weight:3,actions=1', 'line 1:28: only select groups have weights'],
    ['group_id=1,type=all,bucket=actions=output:1,foo', 'line 1:45: unknown action "foo"'],
    ['group_id=1,type=all,bucket=actions=output:x', 'line 1:43: unknown port "x"'],
    ['group_id=1,type=ff,bucket=actions=1', 'line 1:27: a fast failover bucket needs watch_port or watch_group'],
    ['group_id=1,type=select,bucket=watch_port:x,actions=1', 'line 1:42: "x" is no port'],
    ['group_id=1,type=all,bucket=weight:0', 'line 1:28: a bucket needs actions=…'],
    ['delete group_id=1,bucket=actions=1', 'line 1:19: delete takes no buckets'],
    ['delete group_id=1,type=all', 'line 1:19: unknown keyword "type"'],
  ];
  for (const [text, mistake] of MISTAKES) {
    it(`${text}: ${mistake}`, () => expect(mistakeOf(() => parseGroups(text))).to.equal(mistake));
  }
});

describe('meters as text', () => {
  it('are read back as they were printed', () => {
    fc.assert(
      fc.property(meters, (meter) => {
        expect(parseMeter(formatMeter(meter))).to.deep.equal(meter);
      }),
    );
  });

  it('a file: a meter a line, comments left out; a delete names one, or all', () => {
    expect(parseMeters('# none\n\nmeter=1,kbps,bands=type=drop,rate=5 # slow\n')).to.have.length(1);
    expect(parseMeter('meter=all', { command: 'delete' })).to.include({ command: 'delete', meterId: OFPM.ALL });
    expect(parseMeter('', { command: 'delete' })).to.include({ meterId: OFPM.ALL });
  });

  const MISTAKES: [text: string, mistake: string][] = [
    ['meter=x,kbps,bands=type=drop,rate=1', 'line 1:7: "x" is no meter id'],
    ['meter=1,kpbs,bands=type=drop,rate=1', 'line 1:9: unknown keyword "kpbs" (did you mean "kbps"?)'],
    ['meter=1,kbps,bands=type=drop,rat=1', 'line 1:30: unknown keyword "rat" (did you mean "rate"?)'],
    ['meter=1,kbps,bands=type=drop,rate=', 'line 1:30: rate needs a value'],
    ['meter=1,kbps,bands=type=drop,rate=-1', 'line 1:35: rate is a number up to 4294967295, not "-1"'],
    ['meter=1,kbps,bands=type=dropp,rate=1', 'line 1:25: "dropp" is no band: drop, dscp_remark'],
    ['meter=1,kbps,bands=rate=1', 'line 1:20: a band begins with type=…'],
  ];
  for (const [text, mistake] of MISTAKES) {
    it(`${text}: ${mistake}`, () => expect(mistakeOf(() => parseMeters(text))).to.equal(mistake));
  }
});
