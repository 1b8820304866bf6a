/** What is wrong with a capture file, and where. */
export class CaptureError extends Error {
  constructor(
    /** What is wrong, in words. */
    readonly reason: string,
    /** Offset of the mistake from the start of the file, in bytes. */
    readonly offset: number,
  ) {
    super(`${reason}, at byte ${offset}`);
    this.name = 'CaptureError';
  }
}
