/** An association in the six state words of its record. */
import type { Connections } from '../connections.js';
import { STATE } from '../record.js';
import type { Association } from './machine.js';

export function loadAssociation(connections: Connections, slot: number, out: Association): void {
  out.state = connections.word(slot, STATE);
  out.tag = connections.word(slot, STATE + 1);
  out.replyTag = connections.word(slot, STATE + 2);
  out.nextTag = connections.word(slot, STATE + 3);
  out.nextReplyTag = connections.word(slot, STATE + 4);
}

export function storeAssociation(connections: Connections, slot: number, a: Association): void {
  connections.setWord(slot, STATE, a.state);
  connections.setWord(slot, STATE + 1, a.tag);
  connections.setWord(slot, STATE + 2, a.replyTag);
  connections.setWord(slot, STATE + 3, a.nextTag);
  connections.setWord(slot, STATE + 4, a.nextReplyTag);
}
