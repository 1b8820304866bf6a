/** Both ends of OpenFlow over a byte stream. */
export * from './address.js';
export * from './channel-error.js';
export * from './connection.js';
export * from './dialer.js';
export * from './framer.js';
export * from './hello.js';
export * from './listener.js';
export * from './output.js';
export { needed, openStream } from './stream.js';
export type { Tls, TlsOptions } from './tls.js';
