/**
 * A port that plays a capture file in and writes what the switch sends to another: `file:IN.pcap,OUT.pcap`, either of
 * which may be absent. Frames come in at the pace of the capture or as fast as the switch takes them, and always a
 * bounded number a turn, so that controllers and timers are served. pcap and pcapng are read, pcap is written.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { Timer } from '../bytes/index.js';
import {
  CaptureError,
  CaptureReader,
  type CaptureRecord,
  CHUNK_HEADROOM,
  captureHeader,
  MAX_RECORD,
  putRecord,
  RECORD_HEADER,
} from '../pcap-file/index.js';
import { FRAMES_A_TURN, type Port, PortError, type PortHost } from './port.js';

/** Bytes read at a time. */
export const BLOCK_BYTES = 4 * 1024 * 1024;
/** Bytes collected before they are written, and how long they may wait, in milliseconds. */
export const WRITE_BYTES = 1024 * 1024;
/** How long frames may wait to be written. */
export const WRITE_INTERVAL_MS = 500;
/** Bytes that may wait for the disk; a frame that would make it more is lost. */
export const MAX_UNWRITTEN_BYTES = 64 * 1024 * 1024;

/** What a port of capture files is made with. */
export interface FileOptions {
  /** Capture file whose frames come in. */
  input?: string;
  /** Capture file that what is sent is written to; it is overwritten. */
  output?: string;
  /** Keep the times between the frames of the capture. Otherwise they come as fast as the switch takes them. */
  paced?: boolean;
  /** Name shown by OpenFlow; the input's or output's file name unless told. */
  name?: string;
}

/** The input is missing, or no capture: nothing that the machine lacks. */
export class InputError extends PortError {}

/** How playing the input ended. */
export interface FileResult {
  /** Frames that came in. */
  frames: number;
  /** The file is broken at this place; what came before has been played. */
  error?: CaptureError;
}

/** A port that plays a capture in, and writes what is sent to another. */
export class FilePort implements Port {
  readonly kind = 'file';
  readonly name: string;
  /** Resolves when the input is used up or broken, or the port is closed; never rejects. */
  readonly done: Promise<FileResult>;
  private readonly result: FileResult = { frames: 0 };
  private finish: () => void = () => {};
  private host: PortHost | null = null;
  private input: Input | null = null;
  private output: Output | null = null;
  private timer: Timer | null = null;
  private held = false;
  private first: { capture_ms: number; clock_ms: number } | null = null;
  private due: CaptureRecord | null = null;

  constructor(private readonly options: FileOptions) {
    const path = options.input ?? options.output ?? 'file';
    this.name = options.name ?? path.slice(path.lastIndexOf('/') + 1).slice(0, 15);
    this.done = new Promise((resolve) => {
      this.finish = () => resolve(this.result);
    });
  }

  /** The files that it reads and writes. */
  get paths(): Pick<FileOptions, 'input' | 'output'> {
    return this.options;
  }

  /** Throws an InputError, or a PortError where the output can't be written. */
  async start(host: PortHost): Promise<void> {
    const { input, output } = this.options;
    this.host = host;
    if (input !== undefined) this.input = await Input.open(this.name, input);
    if (output !== undefined) this.output = await Output.open(this.name, output, host);
    if (this.input === null) this.finish();
    else if (!this.held) setImmediate(() => void this.play());
  }

  /**
   * Called before `start`: keeps the input from playing until what it returns is called, when all other ports are open.
   */
  hold(): () => void {
    this.held = true;
    return () => {
      this.held = false;
      if (this.input !== null) setImmediate(() => void this.play());
    };
  }

  send(bytes: Uint8Array, start: number, end: number): void {
    if (this.output === null) this.host?.lost('tx', 'dropped', 1);
    else this.output.append(bytes, start, end);
  }

  async close(): Promise<void> {
    const { input, output } = this;
    this.input = null;
    this.output = null;
    this.timer?.cancel();
    this.finish();
    await Promise.all([input?.close(), output?.close()]);
  }

  /** Hands over the frames of a turn, then comes again: at once, or when the next frame is due. */
  private async play(): Promise<void> {
    const { input } = this;
    if (input === null) return;
    try {
      if (!this.turn(input) && !(await input.fill())) await this.stop();
    } catch (error) {
      await this.fail(error as Error);
    }
    if (this.input !== null && this.timer === null) setImmediate(() => void this.play());
  }

  /** Hands over at most FRAMES_A_TURN frames; false where the input has to be read on. */
  private turn(input: Input): boolean {
    for (let frames = 0; frames < FRAMES_A_TURN; frames++) {
      const record = this.due ?? input.next();
      if (record === null) return false;
      const wait_ms = this.wait(record);
      this.due = wait_ms > 0 ? record : null;
      if (wait_ms > 0) {
        this.timer = this.host?.clock.after(wait_ms, () => this.resume()) ?? null;
        return true;
      }
      this.result.frames++;
      this.host?.receive(record.bytes, record.start, record.end);
    }
    return true;
  }

  private resume(): void {
    this.timer = null;
    void this.play();
  }

  /** How long until a frame is due, in milliseconds. */
  private wait({ sec, nsec }: CaptureRecord): number {
    const { host } = this;
    if (!this.options.paced || host === null) return 0;
    const capture_ms = sec * 1000 + nsec / 1e6;
    this.first ??= { capture_ms, clock_ms: host.clock.now() };
    return capture_ms - this.first.capture_ms - (host.clock.now() - this.first.clock_ms);
  }

  private async fail(error: Error): Promise<void> {
    if (this.input === null) return;
    if (error instanceof CaptureError) this.result.error = error;
    this.host?.lost('rx', 'errors', 1);
    this.host?.log.error(`${this.name}: ${this.options.input}: ${error.message}`);
    await this.stop();
  }

  private async stop(): Promise<void> {
    const { input } = this;
    this.input = null;
    await input?.close();
    this.finish();
  }
}

/** The file that is played. */
class Input {
  private readonly chunk = new Uint8Array(CHUNK_HEADROOM + BLOCK_BYTES);
  private readonly reader = new CaptureReader();
  private ready: CaptureRecord | null = null;

  private constructor(private readonly file: FileHandle) {}

  /** Opens a file and reads its beginning, so that a file that isn't a capture is refused at once. */
  static async open(port: string, path: string): Promise<Input> {
    const refuse = (why: string) => new InputError(port, port === path ? why : `${path}: ${why}`);
    const file = await openFile(path, 'r', refuse);
    const input = new Input(file);
    try {
      await input.fill();
      input.ready = input.reader.next();
      return input;
    } catch (error) {
      await file.close();
      const { code = '', message } = error as NodeJS.ErrnoException;
      throw refuse(WHY[code] ?? message);
    }
  }

  /** The next frame, valid until the next call; null where the file has to be read on. Throws a CaptureError. */
  next(): CaptureRecord | null {
    const record = this.ready ?? this.reader.next();
    this.ready = null;
    return record;
  }

  /** Reads on; false at the end of the file. Throws a CaptureError where that is inside a record. */
  async fill(): Promise<boolean> {
    const { bytesRead } = await this.file.read(this.chunk, CHUNK_HEADROOM, BLOCK_BYTES, null);
    if (bytesRead === 0) this.reader.finish();
    else this.reader.push(this.chunk, CHUNK_HEADROOM, CHUNK_HEADROOM + bytesRead);
    return bytesRead > 0;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** The file that is written: collects records, and writes one collection while the next one fills. */
class Output {
  private bytes = new Uint8Array(WRITE_BYTES + RECORD_HEADER + MAX_RECORD);
  private end = 0;
  private unwritten = 0;
  private timer: Timer | null = null;
  private written: Promise<void> = Promise.resolve();

  private constructor(
    private readonly file: FileHandle,
    private readonly host: PortHost,
    private readonly what: string,
  ) {}

  static async open(port: string, path: string, host: PortHost): Promise<Output> {
    const file = await openFile(path, 'w', (why) => new PortError(port, `${path}: ${why}`));
    await file.write(captureHeader());
    return new Output(file, host, `${port}: ${path}`);
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    if (end - start > MAX_RECORD || this.unwritten + this.end > MAX_UNWRITTEN_BYTES) {
      this.host.lost('tx', 'dropped', 1);
      return;
    }
    this.end = putRecord(this.bytes, this.end, this.host.clock.wall(), bytes, start, end);
    if (this.end >= WRITE_BYTES) this.flush();
    else this.timer ??= this.host.clock.after(WRITE_INTERVAL_MS, () => this.flush());
  }

  async close(): Promise<void> {
    this.flush();
    await this.written;
    await this.file.close();
  }

  private flush(): void {
    this.timer?.cancel();
    this.timer = null;
    if (this.end === 0) return;
    const part = this.bytes.slice(0, this.end);
    this.end = 0;
    this.unwritten += part.length;
    this.written = this.written
      .then(() => this.file.writeFile(part))
      .catch((error: Error) => {
        this.host.lost('tx', 'errors', 1);
        this.host.log.error(`${this.what}: ${error.message}`);
      })
      .then(() => {
        this.unwritten -= part.length;
      });
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'no right to open it',
  EISDIR: 'it is a folder',
};

async function openFile(path: string, flags: string, refuse: (why: string) => PortError): Promise<FileHandle> {
  try {
    return await open(path, flags);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw refuse(WHY[code] ?? message);
  }
}

/** A port that plays one capture file and writes another. */
export function file(options: FileOptions): FilePort {
  return new FilePort(options);
}
