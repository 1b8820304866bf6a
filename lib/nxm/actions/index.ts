/** Every action: the union of their types, and the list that bytes, texts and documents are derived from. */
import type { ActionKind } from '../action.js';
import { type CopyTtlIn, type CopyTtlOut, copyTtlIn, copyTtlOut } from './copy-ttl.js';
import { type Ct, ct } from './ct.js';
import { type CtClear, ctClear } from './ct-clear.js';
import { type DecTtl, decTtl } from './dec-ttl.js';
import { type Group, group } from './group.js';
import { type Load, load } from './load.js';
import { type Move, move } from './move.js';
import { type PopMpls, type PushMpls, popMpls, pushMpls } from './mpls.js';
import { type DecMplsTtl, decMplsTtl, type SetMplsTtl, setMplsTtl } from './mpls-ttl.js';
import { type Nat, nat } from './nat.js';
import { type Output, output } from './output.js';
import { type PopPbb, type PushPbb, popPbb, pushPbb } from './pbb.js';
import { type Resubmit, resubmit } from './resubmit.js';
import { type SetField, setField } from './set-field.js';
import { type SetNwTtl, setNwTtl } from './set-nw-ttl.js';
import { type SetQueue, setQueue } from './set-queue.js';
import { type Unknown, unknown } from './unknown.js';
import { type PopVlan, type PushVlan, popVlan, pushVlan } from './vlan.js';

export type Action =
  | Output
  | SetField
  | Load
  | Move
  | PushVlan
  | PopVlan
  | PushMpls
  | PopMpls
  | PushPbb
  | PopPbb
  | SetNwTtl
  | DecTtl
  | SetMplsTtl
  | DecMplsTtl
  | CopyTtlOut
  | CopyTtlIn
  | Resubmit
  | Ct
  | CtClear
  | Nat
  | Group
  | SetQueue
  | Unknown;

const KINDS = {
  output,
  set_field: setField,
  load,
  move,
  push_vlan: pushVlan,
  pop_vlan: popVlan,
  push_mpls: pushMpls,
  pop_mpls: popMpls,
  push_pbb: pushPbb,
  pop_pbb: popPbb,
  set_nw_ttl: setNwTtl,
  dec_ttl: decTtl,
  set_mpls_ttl: setMplsTtl,
  dec_mpls_ttl: decMplsTtl,
  copy_ttl_out: copyTtlOut,
  copy_ttl_in: copyTtlIn,
  resubmit,
  ct,
  ct_clear: ctClear,
  nat,
  group,
  set_queue: setQueue,
  unknown,
} as const satisfies { [T in Action['type']]: ActionKind<Extract<Action, { type: T }>> };

/** The kind of an action. */
export function kindOf<A extends Action>(a: A): ActionKind<A> {
  return KINDS[a.type] as unknown as ActionKind<A>;
}

/** Every kind. */
export const ACTION_KINDS = Object.values(KINDS) as unknown as readonly ActionKind<Action>[];

export type {
  CopyTtlIn,
  CopyTtlOut,
  Ct,
  CtClear,
  DecMplsTtl,
  DecTtl,
  Group,
  Load,
  Move,
  Nat,
  Output,
  PopMpls,
  PopPbb,
  PopVlan,
  PushMpls,
  PushPbb,
  PushVlan,
  Resubmit,
  SetField,
  SetMplsTtl,
  SetNwTtl,
  SetQueue,
  Unknown,
};
