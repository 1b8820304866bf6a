/** Up to so many bytes a loop is quicker than a call of fill or set. */
const FEW = 16;

/** A cursor that appends big-endian integers and bytes to a buffer that grows, and can go back to fill in a length. */
export class Writer {
  private bytes: Uint8Array;
  private view: DataView;
  /** Bytes written so far; the offset of the next one. */
  at = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  private room(n: number): number {
    const at = this.at;
    if (at + n > this.bytes.length) {
      const bigger = new Uint8Array(Math.max(this.bytes.length * 2, at + n));
      bigger.set(this.bytes);
      this.bytes = bigger;
      this.view = new DataView(bigger.buffer);
    }
    this.at = at + n;
    return at;
  }

  u8(value: number): this {
    const at = this.room(1);
    this.bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.room(2);
    this.view.setUint16(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.room(4);
    this.view.setUint32(at, value);
    return this;
  }

  u64(value: bigint): this {
    const at = this.room(8);
    this.view.setBigUint64(at, value);
    return this;
  }

  put(bytes: Uint8Array): this {
    const at = this.room(bytes.length);
    if (bytes.length > FEW) this.bytes.set(bytes, at);
    else for (let i = 0; i < bytes.length; i++) this.bytes[at + i] = bytes[i];
    return this;
  }

  /** `n` zero bytes. */
  zeros(n: number): this {
    const at = this.room(n);
    if (n > FEW) this.bytes.fill(0, at, at + n);
    else for (let i = at; i < at + n; i++) this.bytes[i] = 0;
    return this;
  }

  /** Text in exactly `n` bytes, cut or padded with zeros; the last byte is always zero (OpenFlow's C strings). */
  text(value: string, n: number): this {
    const encoded = new TextEncoder().encode(value).subarray(0, n - 1);
    return this.put(encoded).zeros(n - encoded.length);
  }

  /** Zeros up to the next multiple of `unit` from `start`. */
  pad(unit: number, start = 0): this {
    return this.zeros((unit - ((this.at - start) % unit)) % unit);
  }

  /** Overwrites a byte written before. */
  u8At(at: number, value: number): this {
    this.bytes[at] = value;
    return this;
  }

  /** Overwrites 16 bits written before. */
  u16At(at: number, value: number): this {
    this.view.setUint16(at, value);
    return this;
  }

  /** Overwrites 32 bits written before. */
  u32At(at: number, value: number): this {
    this.view.setUint32(at, value);
    return this;
  }

  /** Starts over; what `done` returned stays as it was. */
  reset(): this {
    this.at = 0;
    return this;
  }

  /** A window on what was written, until more is written. */
  peek(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }

  /** A copy of what was written. */
  done(): Uint8Array {
    return this.bytes.slice(0, this.at);
  }
}
