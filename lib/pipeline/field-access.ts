/** The packet's fields as actions read and set them (headers.ts keeps them); what says what follows it is tags.ts's. */
import {
  type Field,
  type FieldMeaning,
  type FieldValue,
  type HashFields,
  type Subfield,
  slotOf,
} from '../nxm/index.js';
import { hashFields } from './flow-hash.js';
import type { Headers } from './headers.js';
import { isPresent } from './packet-fields.js';
import type { Pass } from './pass.js';
import type { Tags } from './tags.js';

export class FieldAccess implements FieldMeaning {
  private readonly headers: Headers;

  constructor(
    private readonly pass: Pass,
    private readonly tags: Tags,
  ) {
    this.headers = pass.headers;
  }

  read(field: Field): number {
    return this.headers.read(slotOf(field));
  }

  readBits(from: Subfield): number {
    return this.headers.readBits(from);
  }

  number(from: Subfield): bigint {
    return this.headers.number(from);
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

  push(from: Subfield): void {
    if (this.has(from.field)) this.pass.push(this.headers.number(from));
  }

  pop(to: Subfield): void {
    const value = this.pass.stack.pop();
    if (value === undefined) this.pass.listener?.note('the stack is empty');
    else if (this.has(to.field)) this.headers.writeBits(to, value);
  }

  remove(field: Field): void {
    this.headers.remove(field);
  }

  hash(fields: HashFields, basis: number): number {
    return hashFields(fields, basis, this.headers);
  }

  has(field: Field): boolean {
    return isPresent(field, this.headers);
  }
}
