/**
 * The state of a Linux interface as /sys/class/net tells it, looked at several times a second: that it is up or down,
 * that it vanished or came back (perhaps as another device of the same name), and its MTU. Files there don't announce
 * changes, so it is asked: each time by what is held open, some 20 µs, and once a second, or where that differs, by all
 * files, which takes an idle process 300 µs.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { parseMac, type Timer } from '../bytes/index.js';
import type { PortHost } from './port.js';

const FOLDER = '/sys/class/net';
/** Between looks, in milliseconds: a change is known well within a second. */
export const LOOK_INTERVAL_MS = 250;
const IFF_UP = 1;
const DEFAULT_MTU = 1500;

export interface LinkState {
  /** The kernel's number of the interface; another one means another device. */
  index: number;
  /** Switched on (`ip link set … up`). */
  on: boolean;
  /** Switched on and with a carrier. */
  up: boolean;
  /** In bytes, without the Ethernet header. */
  mtu: number;
  mac: Uint8Array;
  /** In kb/s, 0 unknown. */
  speed_kbps: number;
}

/** Whether this machine tells of its interfaces in /sys. */
export function canReadLinks(): boolean {
  return existsSync(FOLDER);
}

/** One of an interface's files; '' where it is missing or refuses (as carrier does while the interface is off). */
function read(name: string, file: string): string {
  try {
    return readFileSync(`${FOLDER}/${name}/${file}`, 'latin1').trim();
  } catch {
    return '';
  }
}

/** The state of an interface, or null where there is none of that name. */
export function readLink(name: string): LinkState | null {
  const index = Number(read(name, 'ifindex'));
  if (index === 0) return null;
  const on = (Number(read(name, 'flags')) & IFF_UP) !== 0;
  return {
    index,
    on,
    up: on && read(name, 'carrier') === '1',
    mtu: Number(read(name, 'mtu')) || DEFAULT_MTU,
    mac: parseMac(read(name, 'address')) ?? new Uint8Array(6),
    speed_kbps: Math.max(0, Number(read(name, 'speed')) || 0) * 1000,
  };
}

/** What changes most of an interface, by files that stay open. */
class Glance {
  private files: number[] = [];
  private readonly bytes = Buffer.alloc(64);
  private seen = '';

  /** Holds the files of the interface that has the name now. */
  open(name: string): void {
    this.close();
    try {
      for (const file of ['flags', 'carrier', 'mtu']) this.files.push(openSync(`${FOLDER}/${name}/${file}`, 'r'));
    } catch {
      this.close();
    }
    this.seen = this.text();
  }

  /** Is it as it was? False where that can't be known: the device is gone, or off and so without a carrier. */
  same(): boolean {
    const { seen } = this;
    this.seen = this.text();
    return this.seen !== '' && this.seen === seen;
  }

  close(): void {
    for (const file of this.files) closeSync(file);
    this.files = [];
    this.seen = '';
  }

  private text(): string {
    let at = 0;
    try {
      for (const file of this.files) at += readSync(file, this.bytes, at, 32, 0);
    } catch {
      return '';
    }
    return this.bytes.toString('latin1', 0, at);
  }
}

/** Of so many looks one is at all that there is. */
const WHOLE_LOOKS = 4;

/**
 * Looks at an interface until it is stopped: tells `looked` after each look, and the switch when the link changes. That
 * it is up is told once the port can take frames.
 */
export class LinkWatch {
  /** As it was at the last look. */
  state: LinkState | null;
  private timer: Timer | null = null;
  private readonly glance = new Glance();
  private looks = 0;
  /** What the switch knows; at first it takes the link for up. */
  private told: 'up' | 'down' | 'gone' = 'up';

  constructor(
    private readonly name: string,
    private readonly host: PortHost,
    private readonly looked: (state: LinkState | null) => void,
    /** Can the port take frames? */
    private readonly open: () => boolean = () => true,
  ) {
    this.state = readLink(name);
    this.glance.open(name);
    this.tell();
    this.timer = host.clock.after(LOOK_INTERVAL_MS, () => this.look());
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.glance.close();
  }

  /** Tells the switch what is new; called also when the port can take frames again. */
  tell(): void {
    const { state, told } = this;
    const now = state === null ? 'gone' : state.up ? 'up' : 'down';
    if (now === told || (now === 'up' && !this.open())) return;
    this.told = now;
    this.host.link(now === 'up', now === 'gone');
  }

  private look(): void {
    if (++this.looks % WHOLE_LOOKS === 0 || !this.glance.same()) this.lookAtAll();
    this.timer = this.host.clock.after(LOOK_INTERVAL_MS, () => this.look());
    this.looked(this.state);
    this.tell();
  }

  private lookAtAll(): void {
    const was = this.state;
    this.state = readLink(this.name);
    // Another device of the name has files of its own; one that was off has a carrier now.
    if (this.state?.index !== was?.index || this.state?.up !== was?.up) this.glance.open(this.name);
  }
}
