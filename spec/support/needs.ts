/**
 * What a spec needs from the machine. `this` is mocha's context; where the need isn't met the spec is skipped, and the
 * reason told.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Reason → how many specs or suites it skipped. */
export const skipped = new Map<string, number>();

const PATHS = (process.env.PATH ?? '').split(':').concat('/usr/sbin', '/sbin');
function program(name: string): boolean {
  return PATHS.some((folder) => existsSync(`${folder}/${name}`));
}
function netns(): boolean {
  return program('ip') && spawnSync('ip', ['netns', 'list']).status === 0 && process.getuid?.() === 0;
}

const NEEDS = {
  root: [() => process.getuid?.() === 0, 'it needs root'],
  linux: [() => process.platform === 'linux', 'it needs Linux'],
  netns: [netns, 'it needs root and network namespaces (Linux, iproute2)'],
  'ovs-ofctl': [() => program('ovs-ofctl'), 'ovs-ofctl is not installed (Debian: openvswitch-switch)'],
  'ovs-vswitchd': [() => program('ovs-vswitchd'), 'Open vSwitch is not installed (Debian: openvswitch-switch)'],
  tshark: [() => program('tshark'), 'tshark is not installed (Debian: tshark)'],
  'ovs-pki': [() => program('ovs-pki'), 'ovs-pki is not installed (Debian: openvswitch-common)'],
  openssl: [() => program('openssl'), 'openssl, which makes certificates, is not installed (Debian: openssl)'],
  curl: [() => program('curl'), 'curl is not installed'],
  ping: [() => program('ping'), 'ping is not installed (Debian: iputils-ping)'],
  'os-ken': [() => program('osken-manager'), 'os-ken is not installed (Debian: python3-os-ken)'],
  pytest: [() => program('pytest-3'), 'pytest is not installed (Debian: python3-pytest)'],
  mininet: [
    () => program('mn') && program('iperf') && program('unshare'),
    'Mininet is not installed (Debian: mininet)',
  ],
  script: [() => program('script'), 'script, which makes a terminal, is not installed (Debian: bsdutils)'],
  pcap: [
    () => existsSync('node_modules/pcap/build/Release/pcap_binding.node'),
    "npm's pcap could not be built (Debian: libpcap-dev, g++, make, python3)",
  ],
  yaml: [() => existsSync('node_modules/yaml'), "npm's yaml is not installed (npm ci)"],
  koffi: [() => existsSync('node_modules/koffi'), 'koffi is not installed'],
} as const satisfies Record<string, readonly [() => boolean, string]>;

/** Skips the running spec or suite unless the machine has all of `needs`. Use in `before` or in a spec. */
export function requires(context: { skip(): never }, ...needs: (keyof typeof NEEDS)[]): void {
  for (const need of needs) {
    const [met, why] = NEEDS[need];
    if (met()) continue;
    skipped.set(why, (skipped.get(why) ?? 0) + 1);
    context.skip();
  }
}

/** Why the machine doesn't have some of `needs`; empty where it has all. */
export function unmet(...needs: (keyof typeof NEEDS)[]): string[] {
  return needs.filter((need) => !NEEDS[need][0]()).map((need) => NEEDS[need][1]);
}
