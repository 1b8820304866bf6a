/**
 * TLS for ssl: and pssl:, with mutual authentication as Open vSwitch has it: both ends show a certificate, and each
 * must be signed by the CA that the other one was given. Host names aren't compared, as they aren't there: whoever has
 * a key that the CA signed is trusted. TLS 1.2 and up. Loaded only where an address takes it; addresses, retries and
 * all that is spoken inside are others' affair. ovsdb-server(1), Public Key Infrastructure Options.
 */
import { constants, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import {
  connect,
  createSecureContext,
  createServer,
  type SecureContext,
  type TlsOptions as ServerOptions,
  type TLSSocket,
} from 'node:tls';
import type { Clock } from '../bytes/index.js';
import { ChannelError } from './channel-error.js';
import { codeOf } from './stream.js';
import { tlsText } from './tls-text.js';

/** How long a peer that connects may take for the handshake. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Who this end is, and whom it trusts: texts in PEM. */
export interface TlsOptions {
  /** The private key, not encrypted. */
  readonly key: string;
  /** The certificate for the key; those between it and its CA may follow. */
  readonly cert: string;
  /** The certificates of the CAs that may have signed the peer's, or `none`: any peer is taken, which isn't safe. */
  readonly ca: string;
  /** What mistakes call the three; tls.key, tls.cert and tls.ca unless given. */
  readonly names?: { readonly key: string; readonly cert: string; readonly ca: string };
}

const NAMES = { key: 'tls.key', cert: 'tls.cert', ca: 'tls.ca' };
/** The CA that means: don't look. */
export const ANY_CA = 'none';
const BLOCK = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

/** One end's identity, for any number of connections. */
export class Tls {
  private readonly context: SecureContext;
  private readonly serverOptions: ServerOptions;
  private readonly verifies: boolean;

  /**
   * Throws a ChannelError of kind `usage` with the name of what can't be used: no PEM, a key that doesn't fit,
   * a certificate whose time is over. `clock` is real time: certificates are held to it, and handshakes.
   */
  constructor(
    options: TlsOptions,
    private readonly clock: Clock,
  ) {
    const names = options.names ?? NAMES;
    const now_ms = clock.wall();
    const key = readKey(options.key, names.key);
    const [own] = readCertificates(options.cert, names.cert);
    checkTime(own, names.cert, now_ms);
    if (!own.checkPrivateKey(key)) throw mistake(names.key, `the key doesn't fit the certificate of ${names.cert}`);
    this.verifies = options.ca.trim() !== ANY_CA;
    const authorities = this.verifies ? readCertificates(options.ca, names.ca) : [];
    // Of several, one that is over may be there beside its successor.
    if (authorities.length === 1) checkTime(authorities[0], names.ca, now_ms);
    const secure = {
      ...{ key: options.key, cert: options.cert, minVersion: 'TLSv1.2' as const },
      ...(this.verifies && { ca: authorities.map((each) => each.toString()) }),
    };
    // Without tickets each connection shows its certificate anew.
    const secureOptions = constants.SSL_OP_NO_TICKET;
    this.serverOptions = { ...secure, secureOptions, requestCert: this.verifies, rejectUnauthorized: this.verifies };
    try {
      this.context = createSecureContext(secure);
    } catch (error) {
      throw mistake(names.cert, `TLS can't use it: ${messageOf(error)}`);
    }
  }

  /** Starts to connect; the socket emits `secureConnect` or `error`. */
  connect(host: string, port: number): Socket {
    const stream = connect({
      ...{ host, port, secureContext: this.context, rejectUnauthorized: this.verifies },
      // A name is told to the peer, which may have several; an address can't be.
      ...(isIP(host) === 0 && { servername: host }),
      checkServerIdentity: () => undefined,
    });
    stream.setNoDelay(true);
    // What fails after the one who dialled has given up is nobody's affair.
    stream.on('error', () => {});
    return stream;
  }

  /**
   * Does the handshake on a socket that came in, and hands on the stream inside once the peer has proved who it is;
   * else closes it, and `refused` hears why. One of both is called, within HANDSHAKE_TIMEOUT_MS.
   */
  handshake(raw: Socket, accept: (stream: Socket) => void, refused: (why: string) => void): void {
    // A server a socket, which costs half as much as the handshake does: only so is it known whose failure one is.
    const server = createServer(this.serverOptions);
    let late = false;
    const timer = this.clock.after(HANDSHAKE_TIMEOUT_MS, () => {
      late = true;
      raw.destroy();
    });
    server.once('secureConnection', (stream) => {
      timer.cancel();
      accept(stream);
    });
    server.once('tlsClientError', (error, stream) => {
      timer.cancel();
      stream.on('error', () => {});
      raw.destroy();
      refused(late ? `no handshake within ${HANDSHAKE_TIMEOUT_MS / 1000} s` : refusal(error, stream));
    });
    raw.on('error', () => {});
    server.emit('connection', raw);
  }
}

/** Why a handshake failed. */
function refusal(error: Error, stream: TLSSocket): string {
  // A text, whatever its type says; null where the certificate was not looked at, or is well.
  const verified = stream.authorizationError === null ? null : tlsText(String(stream.authorizationError));
  if (codeOf(error) === 'ECONNRESET') return verified ?? 'the peer closed the connection during the handshake';
  return tlsText(codeOf(error)) ?? error.message;
}

function mistake(name: string, why: string): ChannelError {
  return new ChannelError(name, 'usage', why);
}

/** The private key in a text. Throws a ChannelError. */
function readKey(text: string, name: string): KeyObject {
  if (/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw mistake(name, 'the key is encrypted, and nobody is asked for its passphrase; openssl pkey takes it off');
  }
  if (!/-----BEGIN [\w ]*PRIVATE KEY-----/.test(text)) {
    const certificate = /-----BEGIN [\w ]*CERTIFICATE-----/.test(text);
    throw mistake(
      name,
      certificate ? 'this is a certificate, not a private key' : 'there is no private key in PEM in it',
    );
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw mistake(name, `the private key can't be read: ${messageOf(error)}`);
  }
}

/** All certificates in a text, at least one. Throws a ChannelError. */
function readCertificates(text: string, name: string): X509Certificate[] {
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0) {
    const key = /-----BEGIN [\w ]*PRIVATE KEY-----/.test(text);
    throw mistake(name, key ? 'this is a private key, not a certificate' : 'there is no certificate in PEM in it');
  }
  return blocks.map((block, i) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      const which = blocks.length === 1 ? 'the certificate' : `certificate ${i + 1}`;
      throw mistake(name, `${which} can't be read: ${messageOf(error)}`);
    }
  });
}

/** Is it in force? Throws a ChannelError. */
function checkTime({ validFrom, validTo }: X509Certificate, name: string, now_ms: number): void {
  if (Date.parse(validTo) < now_ms) throw mistake(name, `the certificate has expired: it was valid to ${validTo}`);
  if (Date.parse(validFrom) > now_ms) throw mistake(name, `the certificate isn't valid yet, but from ${validFrom} on`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
