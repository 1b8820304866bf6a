/** What lib/view uses of binary-parser, whose own types its package.json hides from ES modules. */
declare module 'binary-parser' {
  type Formatter = (raw: unknown) => unknown;

  export class Parser {
    endianess(order: 'big' | 'little'): this;
    uint8(name: string, options?: { formatter?: Formatter }): this;
    uint16(name: string, options?: { formatter?: Formatter }): this;
    uint32(name: string, options?: { formatter?: Formatter }): this;
    bit1(name: string, options?: { formatter?: Formatter }): this;
    bit2(name: string, options?: { formatter?: Formatter }): this;
    bit3(name: string, options?: { formatter?: Formatter }): this;
    bit4(name: string, options?: { formatter?: Formatter }): this;
    bit6(name: string, options?: { formatter?: Formatter }): this;
    bit8(name: string, options?: { formatter?: Formatter }): this;
    bit9(name: string, options?: { formatter?: Formatter }): this;
    bit12(name: string, options?: { formatter?: Formatter }): this;
    bit13(name: string, options?: { formatter?: Formatter }): this;
    bit20(name: string, options?: { formatter?: Formatter }): this;
    array(name: string, options: { type: string; length: number; formatter?: Formatter }): this;
    parse(bytes: Uint8Array): unknown;
  }
}
