/**
 * The structure that docs/ARCHITECTURE.md describes, held against the imports: who may know whom, and what loads what.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect } from 'chai';

/** Folders of lib/, lowest first; each knows only those it names here. */
const KNOWS: Record<string, string[]> = {
  bytes: [],
  'pcap-file': ['bytes'],
  packet: ['bytes'],
  nxm: ['bytes', 'packet'],
  wire: ['bytes', 'packet', 'nxm'],
  text: ['bytes', 'packet', 'nxm'],
  ct: ['bytes', 'packet'],
  ports: ['bytes', 'packet', 'pcap-file'],
  datapath: ['bytes', 'packet', 'ct', 'ports'],
  pipeline: ['bytes', 'packet', 'ct', 'ports', 'nxm', 'datapath'],
  trace: ['bytes', 'packet', 'ct', 'nxm', 'text', 'datapath', 'pipeline'],
  manage: ['bytes', 'packet', 'ct', 'nxm', 'text', 'datapath', 'pipeline', 'ports', 'trace', '.'],
  channel: ['bytes', 'packet', 'nxm', 'wire'],
  agent: ['bytes', 'packet', 'nxm', 'wire', 'channel', 'pipeline'],
  simulate: ['bytes', 'ct', 'nxm', 'pipeline', 'ports', 'agent', 'text', 'manage', '.'],
  view: ['bytes', 'nxm', 'wire', 'text'],
  inspect: ['bytes', 'packet', 'nxm', 'wire', 'text', 'channel', 'view'],
  replay: ['bytes', 'nxm', 'wire', 'channel', 'pcap-file', 'ports', 'view', '.'],
  ofctl: ['bytes', 'nxm', 'wire', 'text', 'channel', 'view'],
  frames: ['bytes', 'packet', 'nxm', 'text'],
  yaml: ['bytes', 'nxm'],
  scenario: [
    'bytes',
    'yaml',
    'frames',
    'ct',
    'nxm',
    'packet',
    'pcap-file',
    'pipeline',
    'ports',
    'text',
    'trace',
    'view',
    '.',
  ],
  topology: ['bytes', 'yaml', 'nxm', 'pipeline', 'ports', 'text', '.'],
  web: ['bytes', 'ct', 'pipeline', 'text', 'trace', '.'],
  cli: [
    'yaml',
    'web',
    'topology',
    'bytes',
    'ct',
    'nxm',
    'pipeline',
    'ports',
    'agent',
    'channel',
    'text',
    'simulate',
    'scenario',
    'pcap-file',
    'wire',
    'packet',
    'ofctl',
    'replay',
    'trace',
    'inspect',
    'manage',
    '.',
  ],
  '.': [
    'bytes',
    'ct',
    'datapath',
    'nxm',
    'pipeline',
    'ports',
    'agent',
    'channel',
    'text',
    'packet',
    'frames',
    'trace',
    '.',
  ],
};
/** Folders that could run in a browser: no module of Node's. */
const CORE = [
  'bytes',
  'pcap-file',
  'packet',
  'nxm',
  'wire',
  'text',
  'ct',
  'datapath',
  'pipeline',
  'frames',
  'simulate',
  'trace',
];
/** Folders that touch Node's modules in one file each, which reads files: the rest of them is free. */
const READERS: Record<string, string> = { scenario: 'scenario/files.ts', topology: 'topology/index.ts' };
/** What only Node has, and has without an import. */
const NODE_GLOBALS = /(?<![.\w'"`])(process\.|Buffer\.)/;

const files = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

function importsOf(file: string): string[] {
  const source = readFileSync(join('lib', file), 'utf8');
  return [...source.matchAll(/(?<!')\b(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]);
}

function folderOf(path: string): string {
  return path.includes('/') ? path.split('/')[0] : '.';
}

describe('project: layers', () => {
  it('every folder of lib/ is one that the table knows', () => {
    expect([...new Set(files.map(folderOf))].filter((folder) => !(folder in KNOWS))).to.deep.equal([]);
  });

  it('a folder imports only from those it may know', () => {
    const wrong: string[] = [];
    for (const file of files) {
      for (const name of importsOf(file).filter((n) => n.startsWith('.'))) {
        const target = folderOf(relative(resolve('lib'), resolve('lib', dirname(file), name)));
        if (target !== folderOf(file) && !KNOWS[folderOf(file)]?.includes(target))
          wrong.push(`${file} imports ${name}`);
      }
    }
    expect(wrong).to.deep.equal([]);
  });

  it("core folders use no module of Node's and only ipaddr.js of others", () => {
    const wrong: string[] = [];
    for (const file of files.filter((f) => CORE.includes(folderOf(f)))) {
      for (const name of importsOf(file))
        if (!name.startsWith('.') && name !== 'ipaddr.js') wrong.push(`${file}: ${name}`);
    }
    expect(wrong).to.deep.equal([]);
  });

  it("core folders use none of Node's own globals, and folders of scenarios and networks read files in one place", () => {
    const code = (file: string): string =>
      readFileSync(join('lib', file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    const wrong = files.filter((f) => CORE.includes(folderOf(f)) && NODE_GLOBALS.test(code(f)));
    const readers = files.filter((f) => folderOf(f) in READERS && READERS[folderOf(f)] !== f);
    for (const file of readers) if (importsOf(file).some((name) => name.startsWith('node:'))) wrong.push(file);
    expect(wrong).to.deep.equal([]);
  });

  it('only the command line and the default clock make real time or chance', () => {
    const real = /\b(setTimeout|setInterval|Date\.now|performance\.now|Math\.random)\b/;
    const allowed = /^(cli\/|system-clock\.ts|simulate\/simulate\.ts|ports\/)/;
    const wrong = files.filter((f) => !allowed.test(f) && real.test(readFileSync(join('lib', f), 'utf8')));
    expect(wrong).to.deep.equal([]);
  });

  it("import 'ctswitch' loads no server, logger or native module", () => {
    const script = `
      const before = new Set(process.moduleLoadList);
      await import('ctswitch');
      const loaded = process.moduleLoadList.filter((name) => !before.has(name));
      console.log(JSON.stringify(loaded));`;
    const loaded: string[] = JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }),
    );
    const heavy = loaded.filter((name) => /\b(net|http|http2|tls|child_process|worker_threads)$/.test(name));
    expect(heavy).to.deep.equal([]);
  });

  it("import 'ctswitch' reaches neither the page, nor the command line, nor a package but ipaddr.js", () => {
    const seen = new Set<string>();
    const packages = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const source = readFileSync(join('lib', file), 'utf8').replace(/import\('/g, '');
      for (const [, name] of source.matchAll(/^(?:import|export|\}).*?\bfrom '([^']+)'/gm)) {
        if (name.startsWith('.')) visit(join(dirname(file), name).replace(/\.js$/, '.ts'));
        else if (!name.startsWith('node:')) packages.add(name);
      }
    };
    visit('index.ts');
    expect(seen.size).to.be.greaterThan(100);
    expect([...packages]).to.deep.equal(['ipaddr.js']);
    expect([...seen].filter((file) => /^(web|cli|scenario|manage|ofctl)\//.test(file))).to.deep.equal([]);
  });
});
