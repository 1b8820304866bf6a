/** Flow tables, classifier, translation: what flows mean. */
export * from './flow-tables.js';
export * from './pipeline.js';
export * from './types.js';
