/** With vitest: vitest run vitest.test.js */
import { reply, tcp, udp } from 'ctswitch';
import { expect, test } from 'vitest';
import { firewall } from './firewall.js';

test('whoever is inside may begin, and is answered', () => {
  const { inside, outside } = firewall();
  inside.inject(tcp({ from: '10.0.0.1:1000', to: '192.0.2.9:80', flags: 'syn' }));
  const [syn] = outside.taken();
  outside.inject(reply(syn));
  expect(inside.taken().length).toBe(1);
});

test('nobody outside may begin, and a trace says why', () => {
  const { sw, inside, outside } = firewall();
  outside.inject(tcp({ from: '192.0.2.9:1000', to: '10.0.0.1:22', flags: 'syn' }));
  expect(inside.taken().length).toBe(0);
  expect(sw.conntrack().length).toBe(0);
  expect(sw.trace('in_port=2,tcp,tp_src=1000,tp_dst=22,tcp_flags=syn').outcome.verdict).toBe('drop');
});

test('an answer that comes too late is stopped', () => {
  const { clock, inside, outside } = firewall();
  inside.inject(udp({ from: '10.0.0.1:1000', to: '192.0.2.9:53' }));
  const [query] = outside.taken();
  clock.advance(60_000);
  outside.inject(reply(query));
  expect(inside.taken().length).toBe(0);
});
