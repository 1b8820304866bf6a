/**
 * `ctswitch inspect`: plays a controller that explains what reaches it, or stands between a switch and a controller.
 */
import type { Duplex } from 'node:stream';
import { TextError } from '../bytes/index.js';
import { formatAddress, type PassiveAddress, parseActive, parsePassive } from '../channel/address.js';
import { Listener } from '../channel/listener.js';
import type { Tls } from '../channel/tls.js';
import { inspectingController, proxy } from '../inspect/index.js';
import type { FlowMod } from '../nxm/index.js';
import { systemClock } from '../system-clock.js';
import { parseFlows, parseMatch } from '../text/index.js';
import type { Side } from '../wire/index.js';
import { EXIT, Failure } from './exit.js';
import { caret, readFlowFile } from './flow-file.js';
import { Lifetime } from './lifetime.js';
import { partOfNames } from './message-names.js';
import { MessageTeller } from './message-teller.js';
import { Output } from './output.js';
import { dial } from './peer-stream.js';
import { SessionRecorder } from './session-recorder.js';
import { logFor } from './switch-options.js';
import { type TlsFiles, tlsFor } from './tls-options.js';

export interface InspectOptions extends TlsFiles {
  readonly listen: string;
  readonly proxy?: string;
  readonly flows?: string;
  readonly write?: string;
  readonly only?: readonly string[];
  readonly not?: readonly string[];
  readonly packets?: string;
  readonly json?: boolean;
  readonly verbose: number;
}

/** Runs until a signal. Resolves to an exit status; throws what `failureOf` knows. */
export async function inspect(options: InspectOptions): Promise<number> {
  if (options.proxy !== undefined && options.flows !== undefined) {
    throw new Failure(EXIT.usage, '--flows is for --listen alone: a proxy says nothing of its own');
  }
  const tls = await tlsFor(options, [options.listen, ...(options.proxy === undefined ? [] : [options.proxy])]);
  const life = new Lifetime();
  const output = new Output(options.json ?? false, () => life.end(EXIT.ok));
  const log = logFor(options, output);
  const recorder = options.write === undefined ? null : new SessionRecorder(options.write, systemClock, log);
  const viewer = new Viewer(options, output, recorder, tls);
  let listener: Listener | null = null;
  try {
    const address = parsePassive(options.listen);
    listener = await Listener.open(address, (stream, peer) => viewer.accept(stream, peer), log, tls);
    tellReady(listener.address, options, output);
    return await life.ended;
  } finally {
    await listener?.close();
    await recorder?.close();
    life.release();
  }
}

function tellReady(address: PassiveAddress, { proxy: to }: InspectOptions, output: Output): void {
  const listening = formatAddress(address);
  output.tell('ready@1', { listening: [listening], ...(to === undefined ? {} : { proxy: to }) });
  output.say(to === undefined ? `waiting for switches at ${listening}` : `between ${listening} and ${to}`);
}

class Viewer {
  private count = 0;
  private readonly teller: MessageTeller;
  private readonly flows: readonly FlowMod[];

  constructor(
    private readonly options: InspectOptions,
    output: Output,
    private readonly recorder: SessionRecorder | null,
    private readonly tls: Tls | null,
  ) {
    const { only, not, packets, verbose } = options;
    const filter = {
      only: only?.map((text) => partOfNames('--only', text)),
      not: not?.map((text) => partOfNames('--not', text)),
      headers: verbose > 0,
      ...(packets === undefined ? {} : { packets: parseMatch(packets) }),
    };
    this.teller = new MessageTeller(output, filter);
    this.flows = options.flows === undefined ? [] : flowsOf(options.flows);
  }

  accept(stream: Duplex, peer: string): void {
    const name = `#${++this.count}`;
    const message = (from: Side, bytes: Uint8Array): void => {
      this.recorder?.message(from === 'switch' ? 'out' : 'in', name, bytes);
      this.teller.message(name, from, bytes);
    };
    const closed = (why: string): void => this.teller.note(name, 'closed', why);
    this.teller.note(name, 'connected', peer);
    const to = this.options.proxy;
    if (to === undefined) {
      inspectingController(stream, name, systemClock, this.flows, { message, closed: (_, why) => closed(why) });
      return;
    }
    const address = parseActive(to);
    const garbled = (from: Side, why: string): void => this.teller.note(name, 'garbled', `the ${from}: ${why}`);
    // What comes before the other side is there waits in the socket.
    stream.pause();
    dial(address, this.tls).then(
      (other) => {
        // Controllers listen at OpenFlow's ports; switches, for tools such as ovs-ofctl, anywhere else.
        const isController = 'port' in address && (address.port === 6653 || address.port === 6633);
        proxy(stream, other, isController ? 'switch' : 'controller', {
          message,
          garbled,
          closed: () => closed('by one of both'),
        });
      },
      (error: Error) => {
        stream.destroy();
        closed(error.message);
      },
    );
  }
}

function flowsOf(file: string): FlowMod[] {
  const text = readFlowFile(file);
  try {
    return parseFlows(text, { file });
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    throw new Failure(EXIT.usage, `${error.message}\n${caret(text.split('\n')[error.line - 1], error.column)}`);
  }
}
