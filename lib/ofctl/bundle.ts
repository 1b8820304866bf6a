/** bundle: a file of flows, groups and packet-outs (ovs-ofctl(8), "OpenFlow Switch Bundle Command") made together. */
import { parseFlow, parseGroup } from '../text/index.js';
import { type Change, changeOf, type Unsent } from './client.js';
import type { Command, Scene } from './command.js';
import { apply } from './flows.js';
import { Misuse } from './outcome.js';
import { parsePacketOut } from './packet-out-text.js';

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly ports: Scene['ports'];
}

/** What a line may begin with, which may be cut short, and how the rest of it is read. */
const KINDS: readonly (readonly [word: string, read: (text: string, place: Place) => Unsent])[] = [
  ['flow', (text, place) => ({ type: 'flow_mod', change: parseFlow(text, { ...place, command: 'any' }) })],
  ['group', (text, place) => ({ type: 'group_mod', change: parseGroup(text, { ...place, command: 'any' }) })],
  ['packet-out', parsePacketOut],
];

/** The changes of a file. Throws Misuse or TextError. */
function changesOf(text: string, file: string, ports: Scene['ports']): Change[] {
  const changes: Change[] = [];
  for (const [i, whole] of text.split('\n').entries()) {
    const line = whole.split('#', 1)[0];
    if (line.trim() === '') continue;
    const where = `${file}:${i + 1}`;
    const [before, word] = /^\s*([^,\s]*)/.exec(line) ?? ['', ''];
    const kind = KINDS.find(([name]) => word !== '' && name.startsWith(word));
    if (!kind) throw new Misuse(`${where}: a line begins with flow, group or packet-out, not with "${word}"`);
    const place = { file, line: i + 1, column: before.length + 1, ports };
    changes.push(
      changeOf(
        placedMisuse(where, () => kind[1](line.slice(before.length), place)),
        where,
      ),
    );
  }
  return changes;
}

/** A Misuse gets its place in front; a TextError has it. */
function placedMisuse<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Misuse ? new Misuse(`${where}: ${error.message}`) : error;
  }
}

async function bundle(scene: Scene, [file]: readonly string[]): Promise<void> {
  const name = file === '-' ? 'standard input' : file;
  const changes = changesOf(await scene.read(file), name, scene.ports);
  await apply({ ...scene, options: { bundle: true } }, changes);
}

export const BUNDLE_COMMANDS: readonly Command[] = [
  {
    name: 'bundle',
    args: 'FILE|-',
    count: [1, 1],
    about: 'make the changes of a file together, or none; lines begin with flow, group or packet-out',
    named: true,
    run: bundle,
  },
];
