/**
 * Pages of docs/ that are made of the program: a page a command, of its help, and what differs from Open vSwitch, of
 * the table.
 */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { ON_PURPOSE, type OnPurpose } from '../../bench/compare/on-purpose.js';
import { TRACKED_ON_PURPOSE } from '../../bench/compare/tracking/on-purpose.js';
import { ABSENT_COMMANDS, ABSENT_OPTIONS } from '../../lib/ofctl/index.js';

const MADE = '<!-- Made by npm run docs:update. -->';

function help(...words: string[]): string {
  return execFileSync(process.execPath, [resolve('dist/bin/ctswitch.js'), ...words, '--help'], {
    encoding: 'utf8',
    env: { ...process.env, COLUMNS: '80' },
  }).trimEnd();
}

/** Names of commands with what they are for, in the order of the program's own list. */
function commands(): { name: string; about: string }[] {
  const list = /\nCommands:\n([\s\S]*?)\n\n/.exec(help())?.[1] ?? '';
  const rows = list.replace(/\n {6,}/g, ' ').split('\n');
  return rows.map((row) => {
    const [, name, about] = /^ {2}(\S+)[^A-Z]*? {2,}(.*)$/.exec(row) ?? [];
    return { name, about: about.replace(/\s+/g, ' ') };
  });
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function table(head: string, rows: readonly (readonly [string, string])[]): string {
  return `| ${head} | why |\n|---|---|\n${rows.map(([name, why]) => `| \`${name}\` | ${cell(why)} |`).join('\n')}\n\n`;
}

/** What a command's page says beside its help. */
const NOTES: Readonly<Record<string, string>> = {
  ofctl: `## Left out of ovs-ofctl(8)

With \`-O OpenFlow13\`, which is implied. A bundle is ONF's extension 230, in its order and all or nothing.
\`mod-table\` sets names alone, \`monitor\` takes no \`invalid_ttl\`: the rest of both belongs to other versions of OpenFlow.

${table('command', Object.entries(ABSENT_COMMANDS))}${table('option', ABSENT_OPTIONS)}`,
};

/** Path under docs/ → text. */
export function generatedPages(): Map<string, string> {
  const pages = new Map<string, string>();
  const rows = commands().filter(({ name }) => name !== 'help');
  const list = rows.map(({ name, about }) => `| [ctswitch ${name}](${name}.md) | ${cell(about)} |`).join('\n');
  pages.set(
    'commands/README.md',
    `${MADE}\n# Commands\n\n| command | is |\n|---|---|\n${list}\n\n\`\`\`\n${help()}\n\`\`\`\n`,
  );
  for (const { name } of rows) {
    pages.set(
      `commands/${name}.md`,
      `${MADE}\n# ctswitch ${name}\n\n\`\`\`\n${help(name)}\n\`\`\`\n\n${NOTES[name] ?? ''}[All commands](README.md)\n`,
    );
  }
  const table = (rows: readonly OnPurpose[]) =>
    `| where | Open vSwitch | ctswitch | because |\n|---|---|---|---|\n${rows
      .map(({ where, ovs, own, why }) => `| ${cell(where)} | ${cell(ovs)} | ${cell(own)} | ${cell(why)} |\n`)
      .join('')}`;
  const tracked = `## Connection tracking\n\n${table(TRACKED_ON_PURPOSE)}`;
  pages.set('guides/differences.md', `${MADE}\n${DIFFERENCES}\n${table(ON_PURPOSE)}\n${tracked}`);
  return pages;
}

const DIFFERENCES = `# What differs from Open vSwitch

Random flow tables and packets run through ctswitch and through Open vSwitch 3.1 side by side (\`npm run compare\`), and frames,
packet-ins, counters and connections are held against each other. What differs is a fault, unless it stands in these tables:
where Open vSwitch departs from the specification or from its own manual, ctswitch follows what is written.

Beyond these rows: ctswitch speaks OpenFlow 1.3 alone; it forwards in one process, in user space, without a database, so
\`ovs-vsctl\` has nothing to talk to (ports are options of [ctswitch run](../commands/run.md), or \`ctswitch ctl port/add\`); and
connection tracking can do [a few things more](../conntrack-extensions.md).
`;
