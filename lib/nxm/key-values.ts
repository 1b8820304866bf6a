/**
 * The shape of ovs-ofctl's texts: keys, alone or with a value behind "=", ":" or in brackets, separated by commas and
 * white space: "table=0, ip, actions=ct(commit,zone=5),resubmit(,1)". Brackets nest. What keys mean is left to others.
 */

export interface KeyValue {
  readonly key: string;
  /** Where the key stands in the text, from 0. */
  readonly keyAt: number;
  /** What follows the key, without the outer brackets; "" where there is nothing. "(1,2)->reg0" gives "1,2)->reg0". */
  readonly value: string;
  readonly valueAt: number;
  /** What stood between key and value. */
  readonly delimiter: '' | '=' | ':' | '(';
  /** False where an opening bracket has no closing one. */
  readonly closed: boolean;
}

const SEPARATORS = ', \t\r\n';
const KEY_ENDS = `:=(${SEPARATORS}`;

/** Offset of the first of `ends` outside brackets, from `at`; the text's end where there is none. */
function valueEnd(text: string, at: number, ends: string): { end: number; closed: boolean } {
  let level = 0;
  let i = at;
  for (; i < text.length; i++) {
    if (level === 0 && ends.includes(text[i])) return { end: i, closed: true };
    if (text[i] === '(') level++;
    else if (text[i] === ')' && level > 0) level--;
  }
  return { end: i, closed: level === 0 && !ends.includes(')') };
}

/** Splits a text. */
export function* keyValues(text: string): Generator<KeyValue> {
  let at = 0;
  for (;;) {
    while (at < text.length && SEPARATORS.includes(text[at])) at++;
    if (at >= text.length) return;
    const keyAt = at;
    while (at < text.length && !KEY_ENDS.includes(text[at])) at++;
    const key = text.slice(keyAt, at);
    const delimiter = text[at];
    if (delimiter !== '=' && delimiter !== ':' && delimiter !== '(') {
      yield { key, keyAt, value: '', valueAt: at, delimiter: '', closed: true };
      continue;
    }
    const valueAt = at + 1;
    let { end, closed } = valueEnd(text, valueAt, delimiter === '(' ? ')' : SEPARATORS);
    if (delimiter === '(' && text.startsWith(')->', end)) end = valueEnd(text, end + 1, SEPARATORS).end;
    yield { key, keyAt, value: text.slice(valueAt, end), valueAt, delimiter, closed };
    at = end + 1;
  }
}
