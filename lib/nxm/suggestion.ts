/** The known word nearest to one that a person wrote: for "did you mean …?". */

/**
 * Letters that must be added, removed, changed or swapped with their neighbour to make `b` of `a`; stops counting above
 * `limit`.
 */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(change, last[j] + 1, row[j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}

/** ` (did you mean "…"?)`, or "" where nothing known is near. Upper and lower case count as the same. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const wanted = word.toLowerCase();
  const limit = wanted.length < 4 ? 1 : wanted.length < 8 ? 2 : 3;
  let best: string | undefined;
  let least = limit + 1;
  for (const name of known) {
    const d = distance(wanted, name.toLowerCase(), limit);
    if (d < least) {
      least = d;
      best = name;
    }
  }
  return best === undefined ? '' : ` (did you mean "${best}"?)`;
}
