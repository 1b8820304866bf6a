/** What `ctswitch simulate` reads and writes: one case a line, in the form that a reference switch answers, too. */

/** One step: a frame at a port, time, a change of the flows, or a command of the management socket. */
export type SimulateStep =
  | readonly [port: number | string, frame: string]
  | { readonly port: number | string; readonly frame: string; readonly ct?: boolean }
  | { readonly warp: number }
  | { readonly ofctl: readonly string[] }
  | { readonly appctl: readonly string[] };

export interface SimulateCase {
  readonly id?: unknown;
  /** Lines of ovs-ofctl's flow syntax, or one text of them. */
  readonly flows?: string | readonly string[];
  readonly groups?: string | readonly string[];
  readonly meters?: string | readonly string[];
  /** ovs-appctl commands that come before everything else, each a list of words; the bridge is br0. */
  readonly appctl?: readonly (readonly string[])[];
  readonly packets?: readonly SimulateStep[];
  /** Translate for every packet. */
  readonly cold?: boolean;
  readonly ct_opts?: readonly string[];
  /** False: without the flows. */
  readonly dump?: boolean;
  /** Ports 1 to this, and LOCAL; 4 by default. */
  readonly ports?: number;
}

/** A frame that left: the port's number or LOCAL, and hexadecimal bytes. */
export type SimulateOutput = readonly [port: number | string, frame: string];

export interface SimulateResult {
  readonly in?: readonly [port: number | string, frame: string];
  readonly warp?: number;
  readonly ofctl?: readonly string[];
  readonly appctl?: readonly string[];
  /** What a command of appctl answers. */
  readonly text?: string;
  readonly out?: readonly SimulateOutput[];
  /** OpenFlow 1.3 messages in hexadecimal. */
  readonly packet_in?: readonly string[];
  readonly ct?: readonly string[];
  readonly error?: string;
}

export interface SimulateAnswer {
  readonly id?: unknown;
  readonly load_error?: string;
  readonly results?: readonly SimulateResult[];
  readonly conntrack?: readonly string[];
  readonly flows?: readonly string[];
  readonly time?: { readonly load_s: number; readonly packets_s: number; readonly pps: number };
}

/** The longest step of time: a year, in ms. */
export const MAX_WARP_MS = 366 * 24 * 3600 * 1000;
/** Most ports of a case. */
export const MAX_CASE_PORTS = 1024;

/** A line that isn't a case: what is wrong with it. */
export class CaseError extends Error {}

/** A case out of a line of JSON. Throws a CaseError that names the place. */
export function parseCase(line: string): SimulateCase {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new CaseError(`not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CaseError('a case is a JSON object');
  const known = ['id', 'flows', 'groups', 'meters', 'appctl', 'packets', 'cold', 'ct_opts', 'dump', 'ports'];
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown) throw new CaseError(`unknown key "${unknown}"; a case has ${known.join(', ')}`);
  const found = value as Record<string, unknown>;
  for (const key of ['flows', 'groups', 'meters']) {
    if (!(key in found) || typeof found[key] === 'string' || isList(found[key], 'string')) continue;
    throw new CaseError(`"${key}" is a text or a list of texts`);
  }
  const { ports } = found;
  const { appctl } = found;
  if (appctl !== undefined && !(Array.isArray(appctl) && appctl.every((words) => isCommand(words)))) {
    throw new CaseError('"appctl" is a list of commands, each a list of words');
  }
  if (ports !== undefined && !(Number.isInteger(ports) && Number(ports) >= 0 && Number(ports) <= MAX_CASE_PORTS)) {
    throw new CaseError(`"ports" is a number from 0 to ${MAX_CASE_PORTS}`);
  }
  if ('packets' in found && !Array.isArray(found.packets)) throw new CaseError('"packets" is a list');
  (found.packets as unknown[] | undefined)?.forEach((step, i) => {
    if (!isStep(step))
      throw new CaseError(
        `packets[${i}] is no [port, hex], {port, frame}, {warp: 0 to ${MAX_WARP_MS} ms}, {ofctl} or {appctl}`,
      );
  });
  return found as SimulateCase;
}

function isList(value: unknown, type: string): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type);
}

function isCommand(value: unknown): value is readonly [string, ...string[]] {
  return isList(value, 'string') && (value as string[]).length > 0;
}

function isPort(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'string';
}

function isStep(step: unknown): boolean {
  if (Array.isArray(step)) return step.length === 2 && isPort(step[0]) && typeof step[1] === 'string';
  if (typeof step !== 'object' || step === null) return false;
  const { warp, ofctl, appctl, port, frame } = step as Record<string, unknown>;
  return (
    (typeof warp === 'number' && warp >= 0 && warp <= MAX_WARP_MS) ||
    isList(ofctl, 'string') ||
    isCommand(appctl) ||
    (isPort(port) && typeof frame === 'string')
  );
}
