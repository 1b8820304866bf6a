/** The part of restructure that specs use; the package has no types of its own. */
declare module 'restructure' {
  export interface Type<T> {
    toBuffer(value: T): Uint8Array;
    fromBuffer(bytes: Uint8Array): T;
  }
  export const uint8: Type<number>;
  export const uint16: Type<number>;
  export const uint32: Type<number>;
  /** Padding: `count` times `type`. */
  export class Reserved {
    constructor(type: Type<number>, count: number);
  }
  export class Buffer implements Type<Uint8Array> {
    constructor(bytes: number);
    toBuffer(value: Uint8Array): Uint8Array;
    fromBuffer(bytes: Uint8Array): Uint8Array;
  }
  export class Struct<T> implements Type<T> {
    constructor(fields: Record<string, Type<number> | Type<Uint8Array> | Reserved>);
    toBuffer(value: T): Uint8Array;
    fromBuffer(bytes: Uint8Array): T;
  }
}
