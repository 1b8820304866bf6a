/** Flow tables, classifier, translation: what flows mean. */
export * from './flow-tables.js';
export type { TranslationListener } from './listener.js';
export * from './pipeline.js';
export { type ScratchListener, ScratchPipeline } from './scratch.js';
export * from './types.js';
