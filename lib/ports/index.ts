/** Every kind of port, and what goes around one. */
export * from './faulty.js';
export * from './file.js';
export * from './host.js';
export * from './link.js';
export * from './memory.js';
export * from './pcap.js';
export * from './port.js';
export { type FrameWriter, recorded } from './recorded.js';
export * from './spec-text.js';
export * from './tap.js';
export * from './tunnel.js';
export * from './wire.js';
