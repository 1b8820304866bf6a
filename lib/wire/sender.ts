/** Who sends which message (OpenFlow 1.3.5 §7.1.1: controller/switch, asynchronous and symmetric messages). */

export type Side = 'controller' | 'switch';

/** OFPT_* numbers that one side alone sends. */
const BY_SWITCH = new Set([6, 8, 10, 11, 12, 19, 21, 23, 25, 27]);
const BY_CONTROLLER = new Set([5, 7, 9, 13, 14, 15, 16, 17, 18, 20, 22, 24, 26, 28, 29]);

/** Who sends messages of a type, given as its number on the wire; null: either side. */
export function senderOf(type: number): Side | null {
  return BY_SWITCH.has(type) ? 'switch' : BY_CONTROLLER.has(type) ? 'controller' : null;
}
