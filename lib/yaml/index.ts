/** Files in YAML: a tree in which everything has its place, held against a schema. */

export { MAX_ALIASES, MAX_FILE, MAX_NODES, parseYaml } from './parse.js';
export type { Schema } from './schema.js';
export * from './tree.js';
export { Validator } from './validate.js';
