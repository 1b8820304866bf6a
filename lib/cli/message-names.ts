/** Names of messages on the command line: "OFPT_FLOW_MOD", or "flow_mod" alone; a misspelt one means none at all. */

import { messageNames } from '../inspect/index.js';
import { didYouMean } from '../nxm/suggestion.js';
import { EXIT, Failure } from './exit.js';

function plain(name: string): string {
  return name.replace(/^OFPS?T_/i, '').toLowerCase();
}

function unknown(option: string, text: string, names: readonly string[]): Failure {
  const near = didYouMean(text, [...names, ...names.map(plain)]);
  const forms = '; names are OFPT_FLOW_MOD, "OFPST_DESC reply" and the like';
  return new Failure(EXIT.usage, `${option} "${text}": no message is called that${near || forms}`);
}

/** The name that a text means. Throws a Failure. */
export function messageNamed(option: string, text: string): string {
  const names = messageNames();
  const name = names.find((each) => plain(each) === plain(text)) ?? /^OFPT_\d+$/.exec(text)?.[0];
  if (name === undefined) throw unknown(option, text, names);
  return name;
}

/** A part of one name or several. Throws a Failure where it is part of none. */
export function partOfNames(option: string, text: string): string {
  const names = messageNames();
  const part = text.toLowerCase();
  if (names.some((name) => name.toLowerCase().includes(part)) || /^(ofpt_)?\d+$/.test(part)) return text;
  throw unknown(option, text, names);
}
