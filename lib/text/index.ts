/** ovs-ofctl's flow syntax ↔ the vocabulary's plain data. */
export { type FlowJson, flowJson } from './flow-json.js';
export * from './flow-printer.js';
export * from './flow-reader.js';
export { formatFrame } from './frame-text.js';
export * from './group-text.js';
export * from './instruction-text.js';
export { formatMasked, formatMatch } from './match-printer.js';
export { parseMatch } from './match-reader.js';
export * from './meter-text.js';
export * from './packet-text.js';
export type { PlaceOptions } from './place.js';
export { type PlacedChange, placed, placedChanges } from './refused-line.js';
