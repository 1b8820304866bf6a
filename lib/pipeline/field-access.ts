/** The packet's fields as actions read and set them (headers.ts keeps them); what says what follows it is tags.ts's. */
import { type Field, type FieldMeaning, type FieldValue, type Subfield, slotOf } from '../nxm/index.js';
import type { Headers } from './headers.js';
import { isPresent } from './packet-fields.js';
import type { Tags } from './tags.js';

export class FieldAccess implements FieldMeaning {
  constructor(
    private readonly headers: Headers,
    private readonly tags: Tags,
  ) {}

  read(field: Field): number {
    return this.headers.read(slotOf(field));
  }

  readBits(from: Subfield): number {
    return this.headers.readBits(from);
  }

  set(field: Field, value: number): void {
    this.headers.write(slotOf(field), value);
  }

  setValue(value: FieldValue): void {
    if (!this.tags.setType(value)) this.headers.writeValue(value);
  }

  setBits(to: Subfield, value: bigint): void {
    this.headers.writeBits(to, value);
  }

  move(from: Subfield, to: Subfield): void {
    this.headers.move(from, to);
  }

  has(field: Field): boolean {
    return isPresent(field, this.headers);
  }
}
