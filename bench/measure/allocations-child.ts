/**
 * One scene of allocations.ts in a process of its own: `allocations-child.js SCENE FLOWS TRACE`, with the engine's
 * traces of deoptimisations going to the file TRACE. Prints bytes for each packet and deoptimised functions, as JSON.
 */
import { existsSync, readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { inlineMore } from '../../lib/cli/inlining.js';
import { range, SCENES, scened, verify } from './memory.js';

const PACKETS = 1_000_000;

/** Bytes on the heap and outside of it. */
function used(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

/** What `run` leaves on the heap, less what asking leaves. */
function allocated(run: () => void): number {
  globalThis.gc?.();
  const begun = used();
  const asked = used() - begun;
  const before = used();
  run();
  return used() - before - asked;
}

const [index, flows, trace] = process.argv.slice(2);
const n = Number(flows);
const scene = SCENES[Number(index)];
inlineMore();
const made = scened(scene.flows(n));
const { inside, outside } = made;
const frames = range(n, scene.frame);
for (let i = 0; i < n; i++) scene.before?.(made, i);
verify(made, frames, scene.what);

function pass(): void {
  for (let i = 0, at = 0; i < PACKETS; i++) {
    inside.receive(frames[at]);
    if (++at === n) at = 0;
  }
}

const traced = (): string => (existsSync(trace) ? readFileSync(trace, 'latin1') : '');

// Until everything is compiled, the measuring too.
for (let i = 0; i < 3; i++) allocated(pass);
const before = traced().length;
outside.frames = 0;
const bytes = allocated(pass);
if (outside.frames !== PACKETS) throw new Error(`${PACKETS} frames went in, ${outside.frames} came out`);
const names = [
  ...traced()
    .slice(before)
    .matchAll(/reason: ([^)]*)\).*?<JSFunction ([^ >]*)/g),
];
console.log(JSON.stringify({ bytes: bytes / PACKETS, deoptimised: names.map(([, why, name]) => `${name} (${why})`) }));
