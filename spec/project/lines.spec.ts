/** Every JSON line that the program can write has a published schema, and every published one is written. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ctswitch, endAll, NOBODY, Program } from '../cli/program.js';
import { holdToLog, holdToSchema, LINES } from '../support/lines.js';

const published = Object.keys(LINES.$defs as object).filter((name) => name.includes('@'));
const written = new Set(
  readdirSync('lib', { recursive: true, encoding: 'utf8' })
    .filter((file) => /^(cli|ofctl)\/.*\.ts$/.test(file))
    .flatMap((file) => [...readFileSync(join('lib', file), 'utf8').matchAll(/'([a-z-]+@\d+)'/g)])
    .map((match) => match[1]),
);

describe('project: JSON lines', () => {
  after(endAll);

  it('what is written and what is published are the same', () => {
    expect(published.toSorted()).to.deep.equal([...written].toSorted());
    const forms = (LINES.oneOf as { $ref: string }[]).map(({ $ref }) => $ref.replace('#/$defs/', ''));
    expect(forms.toSorted()).to.deep.equal(published.toSorted());
  });

  it('a line that has another form is found', () => {
    const line = { schema: 'ctswitch/lost@1', lines: 3 };
    holdToSchema(line);
    expect(() => holdToSchema({ ...line, lines: '3' })).to.throw('$.lines: is string, not integer');
    expect(() => holdToSchema({ ...line, more: 1 })).to.throw('more is not in the schema');
    expect(() => holdToSchema({ schema: 'ctswitch/lost@2', lines: 3 })).to.throw('there is no schema lost@2');
  });

  it('the demo: its answers, packet-ins and ports', async () => {
    const program = new Program(['demo', '--json', '--no-ctl', '--listen', 'ptcp:0', '--controller', NOBODY]);
    await program.until(/ready@1/);
    await program.finish('add-flow udp,actions=controller\nh1 udp h2:53\nlink h3 down\nh1 tcp h2:80\nct\n');
    const schemas = program.json().map(({ schema }) => schema);
    expect(schemas).to.include.members([
      'ctswitch/ready@1',
      'ctswitch/answer@1',
      'ctswitch/packet-in@1',
      'ctswitch/port@1',
    ]);
  });

  it('run tells of connections, and its log has lines of one form', async () => {
    const args = ['run', '--json', '-vv', '--no-ctl', '--controller', NOBODY, '--conntrack-events', '--http', '0'];
    const program = new Program([...args, '--port', '1=memory']);
    const [, url] = await program.until(/"http":"([^"]+)"/);
    expect((await fetch(url)).status).to.equal(200);
    await program.until(/\n/, 'err');
    await program.signal('SIGTERM');
    expect(program.json()[0]).to.include({ schema: 'ctswitch/ready@1' });
    const log = program.err.split('\n').filter((line) => line !== '');
    expect(log).to.have.length.greaterThan(0);
    for (const line of log) holdToLog(JSON.parse(line));
  });

  it('a trace has the schema that is published for it', async () => {
    const { out, err, status } = await ctswitch(['trace', '--json', '--flows', '-', 'in_port=1,tcp'], 'actions=drop\n');
    expect(status, err).to.equal(0);
    holdToSchema(JSON.parse(out));
  });
});
