/** `ctswitch replay`: plays one side of captured OpenFlow sessions and compares the other. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CaptureError } from '../pcap-file/index.js';
import type { Outcome } from '../replay/outcome.js';
import { OwnSwitch } from '../replay/own-switch.js';
import { type PlayOptions, playControllers } from '../replay/play-controller.js';
import { playSwitch } from '../replay/play-switch.js';
import { junit, outcomeJson, outcomeText, passed } from '../replay/report.js';
import { bySwitch, type Capture, readCapture, type Session } from '../replay/session.js';
import { systemClock } from '../system-clock.js';
import { EXIT, Failure, unreadable, unwritable } from './exit.js';
import { messageNamed } from './message-names.js';
import { Output } from './output.js';
import { type PeerStreams, peerStreams } from './peer-stream.js';
import { type TlsFiles, tlsFor } from './tls-options.js';

export interface ReplayOptions extends TlsFiles {
  readonly play: 'controller' | 'switch';
  readonly against?: string;
  readonly session?: number;
  readonly list?: boolean;
  readonly strict?: boolean;
  readonly counters?: boolean;
  readonly paced?: boolean;
  readonly ignore?: readonly string[];
  readonly timeout: number;
  readonly junit?: string;
  readonly json?: boolean;
}

/** Larger captures are cut with tshark or editcap first: a session is read into memory whole. */
const MAX_FILE_BYTES = 1024 * 1024 * 1024;
const GZIP = 0x1f8b;

/** Replays a file. Resolves to an exit status; throws what `failureOf` knows. */
export async function replay(file: string, options: ReplayOptions): Promise<number> {
  if (options.play === 'switch' && options.against === undefined) {
    throw new Failure(EXIT.usage, '--play switch needs a controller: --against tcp:HOST:PORT');
  }
  const ignore = options.ignore?.map((text) => messageNamed('--ignore', text));
  const output = new Output(options.json ?? false, () => process.exit(EXIT.ok));
  const capture = sessionsOf(file);
  const sessions = chosen(capture, options.session);
  for (const line of warnings(file, capture)) output.complain(`ctswitch: ${line}\n`);
  if (options.list) {
    list(capture, output);
    return EXIT.ok;
  }
  const outcomes = await play(sessions, { ...options, ignore }, output);
  if (options.junit !== undefined) write(options.junit, junit(basename(file), outcomes));
  const failed = outcomes.filter((outcome) => !passed(outcome)).length;
  output.say(`${outcomes.length} session${outcomes.length === 1 ? '' : 's'}, ${failed} with differences`);
  return failed === 0 ? EXIT.ok : EXIT.failed;
}

async function play(sessions: readonly Session[], options: ReplayOptions, output: Output): Promise<Outcome[]> {
  const { against, timeout } = options;
  const how: PlayOptions = { ...options, clock: systemClock, timeout_ms: timeout * 1000 };
  const outcomes: Outcome[] = [];
  const done = (more: readonly Outcome[]): void => {
    for (const outcome of more) {
      output.say(outcomeText(outcome));
      output.tell('replay@1', outcomeJson(outcome));
    }
    outcomes.push(...more);
  };
  const tls = await tlsFor(options, against === undefined ? [] : [against]);
  const told = (line: string): void => output.say(line);
  const peer = against === undefined ? null : await peerStreams(against, how.timeout_ms, told, tls);
  try {
    if (options.play === 'switch') {
      for (const session of sessions) done([await playSwitch(session, await (peer as PeerStreams).connect(), how)]);
    } else {
      for (const group of bySwitch(sessions))
        done(peer ? await playControllers(group, peer.connect, how) : await inside(group, how));
    }
  } finally {
    await peer?.close();
  }
  return outcomes;
}

/** To a switch of our own. */
async function inside(group: readonly Session[], how: PlayOptions): Promise<Outcome[]> {
  const own = new OwnSwitch(group);
  try {
    return await playControllers(group, () => own.connect(), how, own);
  } finally {
    await own.close();
  }
}

function sessionsOf(file: string): Capture {
  const capture = read(file);
  if (capture.sessions.length > 0) return capture;
  const { frames, segments, others, cut } = capture;
  const found = `${frames} frames, ${segments} of them TCP in ${others} connections`;
  throw new Failure(EXIT.usage, `${file}: no OpenFlow in it: ${found}${cut === null ? '' : `; ${cut}`}`);
}

function read(file: string): Capture {
  try {
    const { size } = statSync(file);
    if (size > MAX_FILE_BYTES)
      throw new Failure(EXIT.usage, `${file}: ${size} bytes are too many, ${MAX_FILE_BYTES} at most`);
    const bytes = readFileSync(file);
    const isZipped = bytes.length > 2 && bytes.readUInt16BE(0) === GZIP;
    return readCapture(new Uint8Array(isZipped ? gunzipSync(bytes, { maxOutputLength: MAX_FILE_BYTES }) : bytes));
  } catch (error) {
    if (error instanceof CaptureError) throw new Failure(EXIT.usage, `${file}: ${error.message}`);
    throw error instanceof Failure ? error : unreadable(file, error);
  }
}

function chosen({ sessions }: Capture, number: number | undefined): readonly Session[] {
  if (number === undefined) return sessions;
  if (number < 1 || number > sessions.length) {
    throw new Failure(
      EXIT.usage,
      `there is no session ${number}: the capture has ${sessions.length} (--list shows them)`,
    );
  }
  return [sessions[number - 1]];
}

function warnings(file: string, { cut, sessions }: Capture): string[] {
  const lines = cut === null ? [] : [`${file}: ${cut}; what is before that is replayed`];
  return [...lines, ...sessions.flatMap(({ losses }) => losses.map((loss) => `${file}: ${loss}`))];
}

function list({ sessions, others }: Capture, output: Output): void {
  sessions.forEach((session, i) => {
    const { name, theSwitch, messages, dialled } = session;
    output.say(
      `${i + 1}: ${name}, ${messages.length} messages, switch ${theSwitch}${dialled ? `, dialled by the ${dialled}` : ''}`,
    );
    output.tell('session@1', { number: i + 1, name, switch: theSwitch, messages: messages.length, dialled });
  });
  if (others > 0) output.say(`${others} TCP connections without OpenFlow`);
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw unwritable(file, error);
  }
}
