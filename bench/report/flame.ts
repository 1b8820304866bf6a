/**
 * A flame graph out of the engine's samples: who was running, and who had called. A box is as wide as the time that
 * its function and all that it called took, and stands on its caller; hovering over one names its file.
 */
import { box, drawing, escaped, type Panel, text, WIDTH } from './svg.js';

/** What is used of a profile (the DevTools protocol's Profiler.Profile). */
export interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples?: readonly number[];
}

/** A function in its callers' place. */
export interface Flame {
  readonly name: string;
  /** File and line, as far as there are any. */
  readonly place: string;
  /** Samples in it, and in what it called. */
  total: number;
  readonly calls: Map<string, Flame>;
}

const ROW = 17;
const TOP = 52;
/** What takes less of the whole isn't drawn. */
const LEAST = 0.002;
const LETTER = 6.3;
const SIDE = 16;

/** Where functions come from, and the colour that they have. */
const KINDS: readonly (readonly [RegExp, string, string])[] = [
  [/\/lib\/(packet|bytes|nxm|wire)\//, 'f0', 'packets and messages'],
  [/\/lib\/(datapath|ports)\//, 'f1', 'datapath and ports'],
  [/\/lib\/pipeline\//, 'f2', 'pipeline'],
  [/\/lib\/ct\//, 'f3', 'connection tracker'],
  [/\/lib\//, 'f4', 'the rest of the switch'],
  [/(?:)/, 'f5', 'engine, Node and the benchmark'],
];
const kindOf = (place: string): string => KINDS.find(([where]) => where.test(place))?.[1] ?? '';

/** Samples by who called whom; calls of one function by itself are one. What was idle isn't counted. */
export function flameOf({ nodes, samples = [] }: Profile): Flame {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const root: Flame = { name: 'all', place: '', total: 0, calls: new Map() };
  for (const sample of samples) {
    const stack: Flame[] = [];
    for (let id: number | undefined = sample; id !== undefined; id = callers.get(id)) {
      const { functionName, url, lineNumber } = byId.get(id)?.callFrame ?? { functionName: '', url: '', lineNumber: 0 };
      const place = url === '' ? '' : `${url}:${lineNumber + 1}`;
      stack.unshift({ name: functionName || '(anonymous)', place, total: 0, calls: new Map() });
    }
    if (stack.at(-1)?.name === '(idle)') continue;
    root.total++;
    let at = root;
    for (const { name, place } of stack.slice(1)) {
      if (name === at.name && place === at.place) continue;
      const key = `${name} ${place}`;
      const next: Flame = at.calls.get(key) ?? { name, place, total: 0, calls: new Map() };
      at.calls.set(key, next);
      next.total++;
      at = next;
    }
  }
  return root;
}

const shortPlace = (place: string): string => place.replace(/^.*\/dist\//, '').replace(/^file:.*\//, '');

/** The rows above a box that begins at `x`; gives how many there are. */
function rise(flame: Flame, all: Flame, x: number, depth: number, put: (depth: number, svg: string) => void): number {
  const width = (flame.total / all.total) * (WIDTH - 2 * SIDE);
  const share = ((100 * flame.total) / all.total).toFixed(1);
  const where = flame.place ? `, ${shortPlace(flame.place)}` : '';
  const letters = Math.floor((width - 6) / LETTER);
  const words = flame.name.length <= letters ? flame.name : letters > 4 ? `${flame.name.slice(0, letters - 1)}…` : '';
  const label = words && text(x + 3, 12, words, 'label');
  put(
    depth,
    `<g><title>${escaped(`${flame.name}${where}: ${share} %`)}</title>${box(x, 0, Math.max(width - 0.5, 0.5), ROW - 1, kindOf(flame.place))}${label}</g>`,
  );
  let [highest, at] = [depth, x];
  for (const call of [...flame.calls.values()].sort((a, b) => b.total - a.total)) {
    if (call.total / all.total < LEAST) continue;
    highest = Math.max(highest, rise(call, all, at, depth + 1, put));
    at += (call.total / all.total) * (WIDTH - 2 * SIDE);
  }
  return highest;
}

/** The drawing, SVG. */
export function flameGraph(title: string, about: string, all: Flame): string {
  const rows: string[][] = [];
  const put = (depth: number, svg: string): void => {
    rows[depth] ??= [];
    rows[depth].push(svg);
  };
  const highest = all.total === 0 ? 0 : rise(all, all, SIDE, 0, put);
  const legend = KINDS.map(([, kind, what], i) => {
    const x = SIDE + (i % 3) * 220;
    const y = TOP + 10 + (highest + 1) * ROW + Math.floor(i / 3) * 18;
    return box(x, y, 12, 12, kind) + text(x + 18, y + 10, what, 'faint');
  });
  const drawn = rows.map((row, depth) => {
    return `<g transform="translate(0 ${TOP + (highest - depth) * ROW})">${row.join('\n')}</g>`;
  });
  const body = [text(SIDE, 20, title, 'title'), text(SIDE, 38, about, 'faint'), ...drawn, ...legend].join('\n');
  const panel: Panel = { height: TOP + (highest + 1) * ROW + 58, body };
  return drawing(title, [panel]);
}
