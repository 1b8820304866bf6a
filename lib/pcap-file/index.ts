/** Captures: pcap and pcapng, read in pieces and written. */
export * from './capture-error.js';
export * from './reader.js';
export { type CaptureRecord, ETHERNET, MAX_RECORD } from './record.js';
export * from './writer.js';
