/**
 * Why a message was refused, as far as can be told: what our own reading of it says, with the place; else what the
 * error means for what the switch has, which the message alone doesn't show.
 */
import { type ErrorNumbers, errorName, OpenFlowError } from '../bytes/index.js';
import { decode } from '../wire/index.js';

/** Errors that depend on what the switch has, in words. */
const STATES: Readonly<Record<string, string>> = {
  OFPFMFC_OVERLAP: 'another flow of the same priority overlaps it, and it asks for CHECK_OVERLAP',
  OFPFMFC_TABLE_FULL: 'the table is full',
  OFPFMFC_BAD_TABLE_ID: 'the switch has no such table',
  OFPGMFC_GROUP_EXISTS: 'there is a group of this id: modify it, or delete it first',
  OFPGMFC_UNKNOWN_GROUP: 'there is no group of this id',
  OFPGMFC_CHAINED_GROUP: 'another group forwards to it',
  OFPGMFC_LOOP: 'groups would forward in circles',
  OFPBAC_BAD_OUT_GROUP: 'an action names a group that is not there',
  OFPBAC_BAD_OUT_PORT: 'an action names a port that can not be',
  OFPMMFC_METER_EXISTS: 'there is a meter of this id',
  OFPMMFC_UNKNOWN_METER: 'there is no meter of this id',
  OFPMMFC_INVALID_METER: 'the meter is not there, or its id can not be',
  OFPRRFC_STALE: 'the generation id is older than one that the switch has seen',
  OFPBRC_IS_SLAVE: 'the role of this connection is slave: it may not change anything',
  OFPBRC_BUFFER_UNKNOWN: 'the switch has no such buffered packet',
  OFPBRC_BAD_TYPE: 'the switch does not know this type of message',
  OFPBRC_BAD_EXPERIMENTER: 'the switch does not know this experimenter',
  OFPBRC_BAD_EXP_TYPE: 'the switch does not know this type of the experimenter',
  OFPBRC_EPERM: 'the switch does not permit it',
  OFPPMFC_BAD_PORT: 'there is no such port',
  OFPPMFC_BAD_HW_ADDR: "the address is not the port's",
  OFPQOFC_BAD_QUEUE: 'there is no such queue',
  OFPQOFC_BAD_PORT: 'there is no such port',
  OFPHFC_INCOMPATIBLE: 'the versions of both sides have none in common',
  OFPHFC_EPERM: 'the peer may not connect',
};

/** A line, or null where nothing is known. `request`: the refused message, as much of it as there is. */
export function errorCause(error: ErrorNumbers, request: Uint8Array): string | null {
  const ours = ownReading(request);
  if (ours !== null) return ours;
  const name = errorName(error);
  return name === undefined ? null : (STATES[name] ?? null);
}

/** What is wrong with the bytes themselves. */
function ownReading(request: Uint8Array): string | null {
  try {
    decode(request);
    return null;
  } catch (error) {
    return error instanceof OpenFlowError ? error.message : null;
  }
}
