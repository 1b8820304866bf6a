/**
 * What was found out about an object last: flows come by the thousand with the same instructions (instruction.ts
 * remembers them), and what depends on those alone is asked once.
 */

/** A function that gives the same answer again while it is asked about the same object. The object must not change. */
export function lastAsked<K extends object, V>(find: (key: K) => V): (key: K) => V {
  let last: K | null = null;
  let answer: V;
  return (key) => {
    if (key !== last) {
      answer = find(key);
      last = key;
    }
    return answer;
  };
}
