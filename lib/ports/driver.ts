/**
 * What brings frames of an interface in and out, behind a pcap port: PacketSocket where it can, npm's pcap elsewhere.
 */
export interface Driver {
  /** Of the interface, in bytes; frames that are longer are cut where they can be. */
  mtu: number;
  /** Sends `bytes[start, end)`, which are the caller's again when this returns. What is lost is counted at the port. */
  send(bytes: Uint8Array, start: number, end: number): void;
  /** Counts what was lost since the last time; called several times a second. */
  count(): void;
  /** Frees everything. */
  end(): Promise<void>;
}
