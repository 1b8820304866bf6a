/**
 * Networks of a known shape: "linear,3", "tree,2,3". Names, ports and the order of links are Mininet's for the shapes
 * that it has (single, linear, tree); ring and fat-tree follow the same habits: hosts first, then the switches in
 * order.
 */
import { didYouMean } from '../nxm/suggestion.js';
import { addressesOf, MAX_NODES, type Plan, PlanError, Planner } from './plan.js';

interface Shape {
  /** How it is written. */
  readonly form: string;
  /** Its numbers, where they are left out. */
  readonly defaults: readonly number[];
  build(p: Planner, ...numbers: number[]): void;
}

/** k switches in a row, each with n hosts. */
function linear(p: Planner, k: number, n: number): string[] {
  const row: string[] = [];
  for (let i = 1; i <= k; i++) {
    const sw = p.addSwitch(`s${i}`);
    for (let j = 1; j <= n; j++) {
      // Addresses follow the order of names, as Mininet's do: h1s1, h1s2, h2s1, …
      const host = p.addHost(n === 1 ? `h${i}` : `h${j}s${i}`, addressesOf((j - 1) * k + i));
      p.addLink(host, sw);
    }
    const last = row.at(-1);
    if (last !== undefined) p.addLink(sw, last);
    row.push(sw);
  }
  return row;
}

/** Switches in `depth` layers, each with `fanout` below it; hosts at the end. */
function tree(p: Planner, depth: number, fanout: number): void {
  let [switches, hosts] = [0, 0];
  const grow = (left: number): string => {
    if (left === 0) return p.addHost(`h${++hosts}`);
    const node = p.addSwitch(`s${++switches}`);
    for (let i = 0; i < fanout; i++) p.addLink(node, grow(left - 1));
    return node;
  };
  grow(depth);
}

/**
 * k pods of k/2 edge and k/2 aggregation switches under (k/2)² core switches (Al-Fares et al., SIGCOMM 2008). Core
 * switches have the first numbers, then each pod's aggregation and edge switches; port i of a core switch leads to pod
 * i, and switches have their lower neighbours on their first ports.
 */
function fatTree(p: Planner, k: number): void {
  if (k % 2) throw new PlanError('a fat-tree has an even number of pods');
  const half = k / 2;
  let [switches, hosts] = [0, 0];
  const several = (count: number) => Array.from({ length: count }, () => p.addSwitch(`s${++switches}`));
  const core = several(half * half);
  for (let pod = 0; pod < k; pod++) {
    const [aggregation, edge] = [several(half), several(half)];
    for (const sw of edge) {
      for (let i = 0; i < half; i++) p.addLink(p.addHost(`h${++hosts}`), sw);
      for (const above of aggregation) p.addLink(above, sw);
    }
    for (const [i, sw] of aggregation.entries()) {
      for (let j = 0; j < half; j++) p.addLink(core[i * half + j], sw, {}, [pod + 1]);
    }
  }
}

const SHAPES: Readonly<Record<string, Shape>> = {
  single: {
    form: 'single,HOSTS',
    defaults: [2],
    build(p, k) {
      const sw = p.addSwitch('s1');
      for (let i = 1; i <= k; i++) p.addLink(p.addHost(`h${i}`), sw);
    },
  },
  linear: { form: 'linear,SWITCHES[,HOSTS]', defaults: [2, 1], build: linear },
  ring: {
    form: 'ring,SWITCHES[,HOSTS]',
    defaults: [3, 1],
    build(p, k, n) {
      if (k < 3) throw new PlanError('a ring has at least 3 switches');
      const row = linear(p, k, n);
      p.addLink(row[0], row[k - 1]);
    },
  },
  tree: { form: 'tree,DEPTH[,FANOUT]', defaults: [1, 2], build: tree },
  'fat-tree': { form: 'fat-tree,PODS', defaults: [4], build: fatTree },
};

/** How each shape is written. */
export const SHAPE_FORMS: readonly string[] = Object.values(SHAPES).map(({ form }) => form);

/** Has the text the form of a shape, known or not: a word, and maybe numbers; or a known one, and anything? */
export function looksLikeShape(text: string): boolean {
  return /^[a-z][a-z-]*(,-?\d*)*$/i.test(text) || Object.hasOwn(SHAPES, text.split(',')[0]);
}

/** The plan of a shape's text. Throws a PlanError. */
export function shapePlan(text: string): Plan {
  const [word, ...rest] = text.split(',');
  const shape = Object.hasOwn(SHAPES, word) ? SHAPES[word] : undefined;
  if (!shape) {
    const near = didYouMean(word, Object.keys(SHAPES));
    throw new PlanError(`"${word}" is no shape${near || `: there are ${SHAPE_FORMS.join(', ')}`}`);
  }
  if (rest.length > shape.defaults.length) throw new PlanError(`"${text}" has too many numbers: ${shape.form}`);
  const numbers = shape.defaults.map((number, i) => (rest[i] === undefined ? number : Number(rest[i] || Number.NaN)));
  const wrong = numbers.findIndex((number) => !Number.isInteger(number) || number < 1 || number > MAX_NODES);
  if (wrong >= 0) throw new PlanError(`"${rest[wrong]}" is no number from 1 to ${MAX_NODES}: ${shape.form}`);
  const planner = new Planner();
  shape.build(planner, ...numbers);
  return planner.plan();
}
