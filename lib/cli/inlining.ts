/**
 * How much V8 makes of one function. A packet's way is some thirty small functions, one in the other; at V8's own limit
 * half of them stay calls, each with checks before and behind it. A setting of the whole process, so the program makes
 * it, and the library leaves it to whoever uses it.
 */
import { setFlagsFromString } from 'node:v8';

/** Bytes of bytecode that may be put into one function; V8's own limit is 920. */
const INLINED_BYTES = 2500;

/** Lets what packets run through become few functions. To be called before the first packet. */
export function inlineMore(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTES}`);
}
