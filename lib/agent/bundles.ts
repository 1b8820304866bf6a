/**
 * One controller's bundles (ONF's extension 230 to OpenFlow 1.3): changes that it sends one by one, and that are made
 * together, or not at all. Both flags are granted always: messages run in their order, and no packet sees a part of
 * them. A bundle ends when it is committed or discarded, by a mistake in it, with the connection, or when its
 * controller says nothing of it for a while.
 */
import { type Clock, OpenFlowError, type Timer } from '../bytes/index.js';
import { type BundleAdd, OFPBF } from '../wire/index.js';
import { MessageStore } from './message-store.js';

/** Most bundles of one controller, and bytes of the messages in them. */
export const MAX_BUNDLES = 64;
export const MAX_BUNDLE_BYTES = 256 << 20;
/** How long a bundle waits for its next message (as in Open vSwitch). */
export const BUNDLE_IDLE_MS = 10_000;

const KNOWN_FLAGS = OFPBF.ATOMIC | OFPBF.ORDERED;

interface Bundle {
  readonly id: number;
  readonly flags: number;
  /** The message that began it. */
  readonly first: Uint8Array;
  /** What stands in it, each with the message around it. */
  readonly messages: MessageStore;
  closed: boolean;
  used_ms: number;
}

export class Bundles {
  private readonly byId = new Map<number, Bundle>();
  private bytes = 0;
  private timer: Timer | null = null;

  /** `expired` is told of a bundle that waited for too long, with the message that began it. */
  constructor(
    private readonly clock: Clock,
    private readonly expired: (error: OpenFlowError, first: Uint8Array) => void,
  ) {}

  /** Open bundles. */
  get size(): number {
    return this.byId.size;
  }

  open(id: number, flags: number, request: Uint8Array): void {
    const known = this.byId.get(id);
    if (known) throw this.fails(known, 'OFPBFC_BAD_ID', 'is open already');
    this.begin(id, flags, request);
  }

  private begin(id: number, flags: number, request: Uint8Array): Bundle {
    if (flags & ~KNOWN_FLAGS) throw new OpenFlowError('OFPBFC_BAD_FLAGS', `bundle flags 0x${flags.toString(16)}`, 22);
    if (this.byId.size >= MAX_BUNDLES) {
      throw new OpenFlowError('OFPBFC_OUT_OF_BUNDLES', `there are ${MAX_BUNDLES} bundles`, 16);
    }
    const first = new Uint8Array(request);
    const used_ms = this.clock.now();
    const bundle: Bundle = { id, flags, first, messages: new MessageStore(), closed: false, used_ms };
    this.byId.set(id, bundle);
    this.watch();
    return bundle;
  }

  /** Adds a message; `request` are the bytes around it. A bundle that wasn't opened is. */
  add({ bundleId: id, flags }: BundleAdd, request: Uint8Array): void {
    const bundle = this.byId.get(id) ?? this.begin(id, flags, request);
    if (bundle.closed) throw this.fails(bundle, 'OFPBFC_BUNDLE_CLOSED', 'is closed');
    if (bundle.flags !== flags) throw this.fails(bundle, 'OFPBFC_BAD_FLAGS', `has flags ${bundle.flags}, not ${flags}`);
    if (this.bytes + request.length > MAX_BUNDLE_BYTES) {
      throw this.fails(bundle, 'OFPBFC_MSG_TOO_MANY', `would make bundles of more than ${MAX_BUNDLE_BYTES} bytes`);
    }
    bundle.messages.add(request);
    this.bytes += request.length;
    bundle.used_ms = this.clock.now();
  }

  close(id: number, flags: number): void {
    const bundle = this.bundle(id);
    if (bundle.closed) throw this.fails(bundle, 'OFPBFC_BUNDLE_CLOSED', 'is closed already');
    if (bundle.flags !== flags) throw this.fails(bundle, 'OFPBFC_BAD_FLAGS', `has flags ${bundle.flags}, not ${flags}`);
    bundle.closed = true;
    bundle.used_ms = this.clock.now();
  }

  discard(id: number): void {
    this.remove(this.bundle(id));
  }

  /** Takes a bundle out, to be committed: its messages, in their order. */
  take(id: number, flags: number): MessageStore {
    const bundle = this.bundle(id);
    if (bundle.flags !== flags) throw this.fails(bundle, 'OFPBFC_BAD_FLAGS', `has flags ${bundle.flags}, not ${flags}`);
    this.remove(bundle);
    return bundle.messages;
  }

  /** Forgets all. */
  clear(): void {
    this.byId.clear();
    this.bytes = 0;
    this.timer?.cancel();
    this.timer = null;
  }

  private bundle(id: number): Bundle {
    const bundle = this.byId.get(id);
    if (!bundle) throw new OpenFlowError('OFPBFC_BAD_ID', `there is no bundle ${id}`, 16);
    return bundle;
  }

  private remove(bundle: Bundle): void {
    this.byId.delete(bundle.id);
    this.bytes -= bundle.messages.bytes;
  }

  /** A mistake that ends the bundle. */
  private fails(
    bundle: Bundle,
    error: 'OFPBFC_BAD_ID' | 'OFPBFC_BUNDLE_CLOSED' | 'OFPBFC_BAD_FLAGS' | 'OFPBFC_MSG_TOO_MANY',
    why: string,
  ): OpenFlowError {
    this.remove(bundle);
    return new OpenFlowError(error, `bundle ${bundle.id} ${why}`, 16);
  }

  private watch(): void {
    if (this.timer || this.byId.size === 0) return;
    this.timer = this.clock.after(BUNDLE_IDLE_MS, () => {
      this.timer = null;
      const before = this.clock.now() - BUNDLE_IDLE_MS;
      for (const bundle of this.byId.values()) {
        if (bundle.used_ms > before) continue;
        this.remove(bundle);
        const why = `nothing came for bundle ${bundle.id} within ${BUNDLE_IDLE_MS / 1000} s`;
        this.expired(new OpenFlowError('OFPBFC_TIMEOUT', why), bundle.first);
      }
      this.watch();
    });
  }
}
