/**
 * The choice of a version (OpenFlow 1.3.5 §6.3.1). This end speaks 1.3 and nothing else; what HELLO's bytes say is
 * lib/wire's.
 */
import { errorNumbers } from '../bytes/index.js';
import { encode, type Hello, OFP13_VERSION } from '../wire/index.js';

/** Message types that the channel itself deals with. */
export const TYPE = { hello: 0, error: 1, echo_request: 2, echo_reply: 3 } as const;

/** A HELLO with a bitmap that offers 1.3. */
export function ourHello(xid: number): Uint8Array {
  return encode({ type: 'hello', xid, version: OFP13_VERSION, versions: [OFP13_VERSION] });
}

/** The versions that a HELLO offers, ascending: its bitmap, or without one all up to the header's. */
export function offeredVersions(hello: Hello): readonly number[] {
  return hello.versions ?? Array.from({ length: hello.version }, (_, i) => i + 1);
}

/** HELLO_FAILED with a text for people, in the highest version that the peer can read. */
export function helloFailed(offered: readonly number[], xid: number): Uint8Array {
  const said = `OpenFlow 1.3 is spoken here, you offer ${formatVersions(offered)}. With ovs-ofctl: -O OpenFlow13`;
  const version = offered.length > 0 ? Math.max(...offered) : OFP13_VERSION;
  const error = errorNumbers('OFPHFC_INCOMPATIBLE');
  return encode({ type: 'error', xid, version, error, data: new TextEncoder().encode(said) });
}

/** What a HELLO without 1.3 offers, for the log. */
export function offerText(offered: readonly number[]): string {
  return offered.length > 0 ? `OpenFlow ${formatVersions(offered)}` : 'no version of OpenFlow';
}

/** "1.0, 1.3" for version numbers. */
export function formatVersions(versions: readonly number[]): string {
  const names = versions.map((v) => (v >= 1 && v <= 6 ? `1.${v - 1}` : `0x${v.toString(16)}`));
  return names.length > 0 ? names.join(', ') : 'no version';
}
