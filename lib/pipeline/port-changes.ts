/**
 * Ports that come, go, change their links, or are configured by port-mod (OpenFlow 1.3.5 §7.3.4.3): what becomes of
 * addresses learned there and of programs, and who is told. Frames are the datapath's.
 */
import { type Clock, OpenFlowError } from '../bytes/index.js';
import { type Datapath, OFPPC, OFPPS, type PortEntry } from '../datapath/index.js';
import type { Port } from '../ports/port.js';
import type { MacTable } from './mac-table.js';
import { portView } from './port-views.js';
import type { Transaction } from './transaction.js';
import type { PipelineEvents, PortChange, PortView } from './types.js';

const KNOWN_CONFIG = Object.values(OFPPC).reduce((all: number, bit) => all | bit, 0);

export class PortChanges {
  constructor(
    private readonly clock: Clock,
    private readonly datapath: Datapath,
    private readonly macs: MacTable,
    private readonly transaction: Transaction,
    private readonly events: Pick<PipelineEvents, 'port'>,
  ) {}

  /** Adds a port; the caller starts it. */
  add(number: number, port: Port, mac: Uint8Array): PortEntry {
    const entry = this.datapath.ports.add(number, port, mac, this.clock.now());
    this.datapath.journal.everything();
    this.events.port('add', this.view(entry));
    return entry;
  }

  remove(entry: PortEntry): void {
    this.datapath.ports.remove(entry);
    this.macs.flush(entry.number);
    this.datapath.journal.everything();
    this.events.port('delete', this.view(entry));
  }

  /** A port's device is open, or another one: it may have an address of its own. */
  adoptMac(entry: PortEntry): void {
    if (takesMac(entry)) this.events.port('modify', this.view(entry));
  }

  /** The link went up, maybe of another device, or down. */
  setLink(entry: PortEntry, up: boolean): void {
    const state = up ? 0 : OFPPS.LINK_DOWN;
    const another = up && takesMac(entry);
    if (state === entry.state) {
      if (another) this.events.port('modify', this.view(entry));
      return;
    }
    entry.state = state;
    if (!up) this.macs.flush(entry.number);
    this.datapath.journal.everything();
    this.events.port('modify', this.view(entry));
  }

  /** Throws BAD_PORT, BAD_HW_ADDR, BAD_CONFIG or BAD_ADVERTISE (OpenFlow 1.3.5 §7.3.4.3). */
  modify({ port, mac, config, mask, advertise }: PortChange): void {
    const entry = this.datapath.ports.get(port);
    if (!entry) throw new OpenFlowError('OFPPMFC_BAD_PORT', `there is no port ${port}`, 8);
    if (!mac.every((byte, i) => byte === entry.mac[i])) {
      throw new OpenFlowError('OFPPMFC_BAD_HW_ADDR', `port ${port} has another address`, 16);
    }
    if (mask & ~KNOWN_CONFIG) {
      throw new OpenFlowError('OFPPMFC_BAD_CONFIG', `unknown configuration bits 0x${(mask >>> 0).toString(16)}`, 28);
    }
    if (advertise !== 0) {
      throw new OpenFlowError('OFPPMFC_BAD_ADVERTISE', `port ${port} advertises nothing that could be chosen`, 32);
    }
    const changed = (entry.config & ~mask) | (config & mask);
    const { transaction } = this;
    const before = entry.config;
    if (changed === before) return;
    entry.config = changed;
    this.datapath.journal.everything();
    if (transaction.active) {
      transaction.did(
        (port, config) => {
          port.config = config;
          this.datapath.journal.everything();
        },
        entry,
        before,
      );
    }
    transaction.afterwards(() => {
      if (changed & OFPPC.PORT_DOWN) this.macs.flush(entry.number);
      this.events.port('modify', this.view(entry));
    });
  }

  /** A port as it is shown. */
  view(entry: PortEntry): PortView {
    return portView(this.datapath.ports, entry, this.clock.now());
  }
}

/** Gives a port its device's address; false where it has it, or the device has none. */
function takesMac(entry: PortEntry): boolean {
  const { mac } = entry.port;
  if (!mac || mac.every((byte, i) => byte === entry.mac[i])) return false;
  entry.mac = mac;
  return true;
}
