/** Frames: the flow key, extraction, rewriting. */
export * from './compose.js';
export * from './extract.js';
export * from './key.js';
export * from './packet.js';
export * from './rewrite.js';
export * from './shape.js';
export * from './tunnel.js';
