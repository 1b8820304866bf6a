/** The vocabulary: fields, matches, actions, instructions, flow-mods; as plain data, bytes and text. */

export * from './action.js';
export * from './action-list.js';
export * from './action-text.js';
export * from './actions/index.js';
export * from './field.js';
export * from './fields.js';
export * from './flags-text.js';
export * from './flow-mod.js';
export * from './flow-row.js';
export * from './group-mod.js';
export * from './instruction.js';
export * from './key-values.js';
export * from './legacy-action-text.js';
export * from './match.js';
export * from './meaning.js';
export * from './meter-mod.js';
export * from './nested-actions.js';
export * from './option-fields.js';
export * from './oxm.js';
export * from './port-text.js';
export * from './prerequisite.js';
export * from './subfield.js';
export * from './subfield-text.js';
export * from './suggestion.js';
export * from './tlv-table.js';
export * from './value-text.js';
