export * from './faulty.js';
export * from './file.js';
export * from './host.js';
export * from './memory.js';
export * from './pcap.js';
export * from './port.js';
export { type FrameWriter, recorded } from './recorded.js';
export * from './spec-text.js';
export * from './tap.js';
