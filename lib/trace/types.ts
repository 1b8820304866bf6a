/**
 * What a trace tells, as plain data: JSON as it stands, whose published schema is schema.ts's; trace-text.ts writes it
 * for people.
 */
import type { FlowJson } from '../text/index.js';
import type { FieldChange } from './flow-text.js';

export type { FieldChange };

/** What happens in a table, a bucket or an action set, in order. */
export type TraceNode =
  /** A lookup; without a flow nothing matched. */
  | { readonly kind: 'table'; readonly table_id: number; readonly flow: FlowJson | null; readonly nodes: TraceNode[] }
  /** An action or an instruction, in ovs-ofctl's words. */
  | { readonly kind: 'action'; readonly action: string; changes: FieldChange[]; readonly nodes: TraceNode[] }
  | {
      readonly kind: 'bucket';
      readonly group_id: number;
      /** Its place in the group, from 0, and its id where it has one. */
      readonly bucket: number;
      readonly nodes: TraceNode[];
    }
  | { readonly kind: 'action_set'; readonly nodes: TraceNode[] }
  | { readonly kind: 'note'; readonly note: string };

/** What connection tracking said of a packet. */
export interface TraceVerdict {
  readonly zone: number;
  /** "new|trk" */
  readonly ct_state: string;
  /** Where the state comes from: the connection table, an empty table, or --ct-next. */
  readonly source: 'table' | 'assumed' | 'supposed';
  /** Why, in words with the numbers behind it. */
  readonly reason: string;
  /** The connection that it belongs to, as dump-conntrack prints it. */
  readonly connection: string | null;
  /** What became of connections: "new", "updated", "destroyed". */
  readonly events: readonly { readonly event: string; readonly connection: string }[];
  /** Where the tracked copy goes on; 0: nowhere. */
  readonly recirc_id: number;
}

/** One translation: of the packet as it came, or read anew behind ct or a header that went. */
export interface TracePass {
  /** 0: as it came. */
  readonly recirc_id: number;
  /** The ct action that it comes out of. */
  readonly conntrack: TraceVerdict | null;
  readonly flow: string;
  readonly nodes: TraceNode[];
  /** Null: unchanged. */
  readonly final_flow: string | null;
  /** All packets that agree in this are treated alike. */
  readonly megaflow: string;
  readonly datapath_actions: string;
}

/** What was noticed outside, in order. */
export type TraceEffect =
  | { readonly kind: 'output'; readonly port: number; readonly frame: string; readonly flow: string }
  | {
      readonly kind: 'controller';
      readonly reason: string;
      readonly table_id: number;
      readonly cookie: string;
      readonly max_len: number;
      readonly frame: string;
      readonly fields: Readonly<Record<string, string>>;
    }
  /** A flow that the packet teaches (learn); `added` false: its limit is reached. */
  | { readonly kind: 'flow'; readonly flow: FlowJson; readonly added: boolean }
  | { readonly kind: 'mac'; readonly vlan: number; readonly mac: string; readonly port: number }
  | { readonly kind: 'conntrack'; readonly verdict: TraceVerdict };

/** What becomes of the packet, in a word and a reason. */
export interface TraceOutcome {
  readonly verdict: 'output' | 'controller' | 'held' | 'drop';
  readonly reason: string;
  /** OpenFlow numbers, in order, each as often as it is sent to. */
  readonly ports: readonly number[];
}

/** What would become of a packet. */
export interface Trace {
  readonly schema: 'ctswitch/trace@1';
  readonly in_port: number;
  /** Hexadecimal. */
  readonly frame: string;
  readonly flow: string;
  /** Of a packet-out. */
  readonly actions: string | null;
  readonly passes: readonly TracePass[];
  readonly effects: readonly TraceEffect[];
  readonly outcome: TraceOutcome;
}
