/** The demo and networks as scenes for commands. */
import type { HostPort } from '../../ports/host.js';
import type { Switch } from '../../switch.js';
import type { Network } from '../../topology/index.js';
import type { Place, Scene } from './outcome.js';

/** One switch, whose ports have the names of the hosts behind them. */
export function demoScene(sw: Switch, hosts: ReadonlyMap<string, HostPort>, target: string): Scene {
  const at: Place = { name: 'demo', sw, target };
  return {
    places: [at],
    hosts,
    links: [],
    portOf(host) {
      const port = sw.ports().find(({ name }) => name === host);
      return port && { at, port };
    },
  };
}

/** A network; `targets` say where ovs-ofctl finds each switch. */
export function networkScene(net: Network, targets: ReadonlyMap<string, string>): Scene {
  const places = [...net.switches].map(([name, sw]): Place => ({ name, sw, target: targets.get(name) ?? '' }));
  const byName = new Map(places.map((place) => [place.name, place]));
  const plugged = new Map(
    net.plan.links.flatMap(({ ends: [a, b] }) => (a.port === 0 ? [[a.node, b] as const] : [[b.node, a] as const])),
  );
  return {
    places,
    hosts: net.hosts,
    links: net.links,
    portOf(host) {
      const end = plugged.get(host);
      const at = end && byName.get(end.node);
      const port = at?.sw.ports().find(({ number }) => number === end?.port);
      return at && port && { at, port };
    },
  };
}
