export * from './host.js';
export * from './memory.js';
export * from './port.js';
