/**
 * Options of `ctswitch run` for what the tracker has beyond Open vSwitch: `--ct-timeouts`, `--ct-zone`, `--ct-rule`,
 * each a text of keys and values as flows have them. What they mean: docs/conntrack-extensions.md.
 */
import { InvalidArgumentError } from 'commander';
import { type CtConfiguration, type CtRule, TIMEOUT_NAMES, type Timeouts } from '../ct/index.js';
import { didYouMean } from '../nxm/suggestion.js';

export interface ConntrackOptions {
  readonly ctTimeouts?: readonly (readonly [name: string, times: Partial<Timeouts>])[];
  readonly ctZone?: readonly (readonly [zone: number, policy: string])[];
  readonly ctRule?: readonly CtRule[];
}

/** What the options say, for the switch; undefined where they say nothing. */
export function conntrackConfiguration({ ctTimeouts, ctZone, ctRule }: ConntrackOptions): CtConfiguration | undefined {
  if (!ctTimeouts && !ctZone && !ctRule) return undefined;
  return {
    timeouts: Object.fromEntries(ctTimeouts ?? []),
    zones: Object.fromEntries(ctZone ?? []),
    rules: ctRule ?? [],
  };
}

/** "short:udp_first=5,udp_single=5" */
export function timeoutsOption(text: string): readonly [string, Partial<Timeouts>] {
  const [, name, rest] = /^([^:=,]+):(.+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It is NAME:TIMEOUT=SECONDS[,…].');
  const times = rest.split(',').map((part) => {
    const [key, value = ''] = part.split('=');
    known(key, TIMEOUT_NAMES);
    return [key, number(key, value)];
  });
  return [name, Object.fromEntries(times)];
}

/** "7=short" */
export function zoneOption(text: string): readonly [number, string] {
  const [, zone, policy] = /^(\d{1,5})=(.+)$/.exec(text) ?? [];
  if (zone === undefined || Number(zone) > 0xffff)
    throw new InvalidArgumentError('It is ZONE=NAME, ZONE from 0 to 65535.');
  return [Number(zone), policy];
}

const TEXTS = ['proto', 'src', 'dst', 'timeouts'];
const RULE_WORDS: readonly string[] = ['zone', 'sport', 'dport', ...TEXTS, 'mark', 'notrack'];

/** "proto=udp,dport=53,timeouts=short", "dst=239.0.0.0/8,notrack", "mark=1/0xff,timeouts=short" */
export function ruleOption(text: string): CtRule {
  const rule: CtRule = {};
  for (const part of text.split(',')) {
    const [, key, , value] = /^([^=]*)(=(.*))?$/.exec(part) ?? [];
    known(key, RULE_WORDS);
    if (key === 'notrack') {
      if (value !== undefined) throw new InvalidArgumentError('notrack has no value.');
      rule.track = false;
    } else if (value === undefined || value === '') {
      throw new InvalidArgumentError(`${key} has no value.`);
    } else if (key === 'mark') {
      const [mark, mask] = value.split('/');
      rule.mark = number(key, mark);
      if (mask !== undefined) rule.markMask = number('the mask', mask);
    } else {
      Object.assign(rule, { [key]: TEXTS.includes(key) ? value : number(key, value) });
    }
  }
  return rule;
}

function known(word: string, words: readonly string[]): void {
  if (words.includes(word)) return;
  const hint = didYouMean(word, words) || `; there are ${words.join(', ')}`;
  throw new InvalidArgumentError(`It knows no "${word}"${hint}.`);
}

function number(key: string, text: string): number {
  if (/^(\d+|0x[\da-f]+)$/i.test(text)) return Number(text);
  throw new InvalidArgumentError(`${key} is a number, not "${text}".`);
}
