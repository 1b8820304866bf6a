/**
 * The text of a tunnel: `REMOTE[:PORT][,OPTION=VALUE]…` behind `vxlan:` or `geneve:`. Options have ovs-vsctl's names
 * and meaning; `local` and `remote` may be written for local_ip and remote_ip.
 */
import { parseIpv6 } from '../../bytes/index.js';
import type { TunnelOptions } from '../tunnel.js';

/** A mistake: why, and the offset of what is wrong. */
export class TunnelTextError extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

type Draft = { -readonly [K in keyof TunnelOptions]?: TunnelOptions[K] };

function number(text: string): number {
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(text)) throw new RangeError(`"${text}" is no number`);
  return Number(text);
}

const keyOf = (text: string): number | 'flow' => (text === 'flow' ? 'flow' : number(text));

/** What is always so, and can only be confirmed. */
function only(value: string, why: string) {
  return (_: Draft, text: string): void => {
    if (text !== value) throw new RangeError(why);
  };
}

const OPTIONS: Readonly<Record<string, (draft: Draft, text: string) => void>> = {
  remote_ip(draft, text) {
    if (draft.remote !== undefined) throw new RangeError('a second remote');
    draft.remote = text;
  },
  local_ip(draft, text) {
    draft.local = text;
  },
  dst_port(draft, text) {
    draft.dst_port = number(text);
  },
  key(draft, text) {
    draft.key = keyOf(text);
  },
  in_key(draft, text) {
    draft.in_key = keyOf(text);
  },
  out_key(draft, text) {
    draft.out_key = keyOf(text);
  },
  ttl(draft, text) {
    draft.ttl = text === 'inherit' ? 'inherit' : number(text) || undefined;
  },
  exts(draft, text) {
    if (text !== 'gbp') throw new RangeError(`"${text}" is no extension here: gbp is`);
    draft.gbp = true;
  },
  name(draft, text) {
    draft.name = text;
  },
  tos: only('0', 'a plain UDP socket sets no TOS: 0 is all that tos can be'),
  csum: only('true', 'the machine puts a checksum into each datagram: csum can only be true'),
  df_default: only('false', 'the machine fragments what is too long: df_default can only be false'),
};
const SHORT: Readonly<Record<string, string>> = { local: 'local_ip', remote: 'remote_ip' };

/** "10.0.0.2", "10.0.0.2:4790", "[2001:db8::2]:4790", "2001:db8::2" or "flow", with or without a port. */
function readRemote(draft: Draft, text: string): void {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^[\]]*?))(?::(\d+))?$/.exec(text) ?? [];
  if (parseIpv6(text) !== null) {
    draft.remote = text;
  } else if (bracketed ?? plain) {
    draft.remote = bracketed ?? plain;
    if (port !== undefined) draft.dst_port = Number(port);
  } else {
    throw new RangeError(text === '' ? 'a remote address is missing' : `"${text}" is no address`);
  }
}

/** Reads a tunnel's options. Throws a TunnelTextError. */
export function readTunnelText(kind: 'vxlan' | 'geneve', text: string): TunnelOptions {
  const draft: Draft = { kind };
  let at = 0;
  for (const part of text.split(',')) {
    try {
      const [, name, value] = /^([^=]*)=(.*)$/.exec(part) ?? [];
      if (name !== undefined) option(name)(draft, value);
      else if (at === 0) readRemote(draft, part);
      else throw new RangeError(`"${part}" is no option: OPTION=VALUE`);
    } catch (error) {
      throw error instanceof RangeError ? new TunnelTextError(error.message, at) : error;
    }
    at += part.length + 1;
  }
  const { remote } = draft;
  if (remote === undefined) throw new TunnelTextError('a remote address is missing', 0);
  return { ...draft, kind, remote };
}

function option(name: string): (draft: Draft, text: string) => void {
  const known = SHORT[name] ?? name;
  if (Object.hasOwn(OPTIONS, known)) return OPTIONS[known];
  throw new RangeError(`"${name}" is no option of a tunnel: there are ${Object.keys(OPTIONS).join(', ')}`);
}
