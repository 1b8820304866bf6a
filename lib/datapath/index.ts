/** Programs, caches and the runner. */
export * from './cache.js';
export * from './datapath.js';
export * from './journal.js';
export { ENTRY_IDLE_MS } from './ledger.js';
export * from './meter.js';
export * from './port-table.js';
export * from './program.js';
export * from './queues.js';
export * from './token-bucket.js';
export { MAX_WAITING } from './turns.js';
export * from './upcalls.js';
