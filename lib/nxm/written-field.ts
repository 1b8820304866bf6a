/** The field that an action writes: what ct(exec(…)) and texts ask before they allow it. */
import type { Action } from './actions/index.js';
import type { Field } from './field.js';

/** The field, or undefined for actions that write none. */
export function written(action: Action): Field | undefined {
  if (action.type === 'set_field') return action.field;
  return action.type === 'load' || action.type === 'move' ? action.to.field : undefined;
}
