/** Every action: the union of their types, and the list that bytes, texts and documents are derived from. */
import type { ActionKind } from '../action.js';
import { type Bundle, bundle } from './bundle.js';
import { type CheckPktLarger, checkPktLarger } from './check-pkt-larger.js';
import { type Clone, clone } from './clone.js';
import { type Conjunction, conjunction } from './conjunction.js';
import { type Controller, controller } from './controller.js';
import { type CopyTtlIn, type CopyTtlOut, copyTtlIn, copyTtlOut } from './copy-ttl.js';
import { type Ct, ct } from './ct.js';
import { type CtClear, ctClear } from './ct-clear.js';
import { type DebugRecirc, type DebugSlow, debugRecirc, debugSlow } from './debug.js';
import { type DecNshTtl, decNshTtl } from './dec-nsh-ttl.js';
import { type DecTtl, decTtl } from './dec-ttl.js';
import { type DeleteField, deleteField } from './delete-field.js';
import { type Decap, decap, type Encap, encap } from './encap.js';
import { type Exit, exit } from './exit.js';
import { type FinTimeout, finTimeout } from './fin-timeout.js';
import { type Group, group } from './group.js';
import { type Learn, learn } from './learn.js';
import { type Load, load } from './load.js';
import { type Move, move } from './move.js';
import { type PopMpls, type PushMpls, popMpls, pushMpls } from './mpls.js';
import { type DecMplsTtl, decMplsTtl, type SetMplsTtl, setMplsTtl } from './mpls-ttl.js';
import { type Multipath, multipath } from './multipath.js';
import { type Nat, nat } from './nat.js';
import { type Note, note } from './note.js';
import { type Output, output } from './output.js';
import { type OutputReg, outputReg } from './output-reg.js';
import { type OutputTrunc, outputTrunc } from './output-trunc.js';
import { type PopPbb, type PushPbb, popPbb, pushPbb } from './pbb.js';
import { type PopQueue, popQueue } from './pop-queue.js';
import { type Resubmit, resubmit } from './resubmit.js';
import { type Sample, sample } from './sample.js';
import { type SetField, setField } from './set-field.js';
import { type SetNwTtl, setNwTtl } from './set-nw-ttl.js';
import { type SetQueue, setQueue } from './set-queue.js';
import { type SetTunnel, setTunnel } from './set-tunnel.js';
import { type Pop, type Push, pop, push } from './stack.js';
import { type Unknown, unknown } from './unknown.js';
import { type PopVlan, type PushVlan, popVlan, pushVlan } from './vlan.js';
import { type WriteMetadata, writeMetadata } from './write-metadata.js';

export type Action =
  | Output
  | Controller
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
  | CheckPktLarger
  | Clone
  | DeleteField
  | Exit
  | Note
  | OutputReg
  | OutputTrunc
  | PopQueue
  | Sample
  | SetTunnel
  | WriteMetadata
  | DebugRecirc
  | DebugSlow
  | Push
  | Pop
  | Learn
  | FinTimeout
  | Multipath
  | Bundle
  | Conjunction
  | Encap
  | Decap
  | DecNshTtl
  | Unknown;

const KINDS = {
  output,
  controller,
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
  check_pkt_larger: checkPktLarger,
  clone,
  delete_field: deleteField,
  exit,
  note,
  output_reg: outputReg,
  output_trunc: outputTrunc,
  pop_queue: popQueue,
  sample,
  set_tunnel: setTunnel,
  write_metadata: writeMetadata,
  debug_recirc: debugRecirc,
  debug_slow: debugSlow,
  push,
  pop,
  learn,
  fin_timeout: finTimeout,
  multipath,
  bundle,
  conjunction,
  encap,
  decap,
  dec_nsh_ttl: decNshTtl,
  unknown,
} as const satisfies { [T in Action['type']]: ActionKind<Extract<Action, { type: T }>> };

/** The kind of an action. */
export function kindOf<A extends Action>(a: A): ActionKind<A> {
  return KINDS[a.type] as unknown as ActionKind<A>;
}

/** Every kind. */
export const ACTION_KINDS = Object.values(KINDS) as unknown as readonly ActionKind<Action>[];

export { type HeaderName, NEXT_PROTO, type NshProperty, PACKET_TYPES } from './encap.js';
export type {
  Bundle,
  CheckPktLarger,
  Clone,
  Conjunction,
  Controller,
  CopyTtlIn,
  CopyTtlOut,
  Ct,
  CtClear,
  DebugRecirc,
  DebugSlow,
  Decap,
  DecMplsTtl,
  DecNshTtl,
  DecTtl,
  DeleteField,
  Encap,
  Exit,
  FinTimeout,
  Group,
  Learn,
  Load,
  Move,
  Multipath,
  Nat,
  Note,
  Output,
  OutputReg,
  OutputTrunc,
  Pop,
  PopMpls,
  PopPbb,
  PopQueue,
  PopVlan,
  Push,
  PushMpls,
  PushPbb,
  PushVlan,
  Resubmit,
  Sample,
  SetField,
  SetMplsTtl,
  SetNwTtl,
  SetQueue,
  SetTunnel,
  Unknown,
  WriteMetadata,
};
