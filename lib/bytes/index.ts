/** What every folder stands on: bytes, checksums, addresses, errors, time and chance. */
export * from './address.js';
export * from './checksum.js';
export * from './clock.js';
export * from './hex.js';
export * from './log.js';
export * from './openflow-error.js';
export * from './property.js';
export * from './random.js';
export * from './reader.js';
export * from './text-error.js';
export * from './writer.js';
