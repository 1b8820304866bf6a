/** Actions inside actions, for who asks what a list names: clone's count as if they stood in the list. */
import type { Action } from './actions/index.js';

/** All actions of a list, each before those inside it. */
export function* flattened(actions: readonly Action[]): Generator<Action> {
  for (const action of actions) {
    yield action;
    if (action.type === 'clone') yield* flattened(action.actions);
  }
}
