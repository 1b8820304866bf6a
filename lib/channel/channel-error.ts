/** Why an address can't be used: the address as it was written, and a line that says what to do. */

/** `usage`: the text is wrong. `environment`: the port, the path or the rights are. */
export type ChannelErrorKind = 'usage' | 'environment';

/** A mistake in an address, or a connection that can't be had. */
export class ChannelError extends Error {
  constructor(
    readonly address: string,
    readonly kind: ChannelErrorKind,
    /** What is wrong, and what to do. */
    readonly why: string,
    /** The system's error, such as EADDRINUSE, where it was one. */
    readonly code: string = '',
  ) {
    super(`${address}: ${why}`);
    this.name = 'ChannelError';
  }
}
