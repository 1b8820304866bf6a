/** Scenario files, and the captures that they name, on disk. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CaptureError, CaptureReader } from '../pcap-file/index.js';
import { MAX_FILE } from '../yaml/index.js';
import type { ReadCapture } from './packets.js';

/** The longest capture file, in bytes. */
const MAX_CAPTURE = 64 * 1024 * 1024;

/** A scenario file's text. Throws as node:fs does, and a RangeError for a file that is too long. */
export function readScenarioFile(path: string): string {
  if (statSync(path).size > MAX_FILE) throw new RangeError(`longer than ${MAX_FILE} bytes`);
  return readFileSync(path, 'utf8');
}

/** Reads frames of captures whose names count from the scenario file's folder. Each file is read once. */
export function capturesBeside(path: string): ReadCapture {
  const files = new Map<string, readonly Uint8Array[]>();
  return (name, frame) => {
    let frames = files.get(name);
    if (!frames) {
      frames = framesOf(resolve(dirname(path), name), name);
      files.set(name, frames);
    }
    const found = frames[frame - 1];
    if (!found) throw new RangeError(`${name} has ${frames.length} frames: there is no ${frame}`);
    return found.slice();
  };
}

function framesOf(path: string, name: string): Uint8Array[] {
  try {
    if (statSync(path).size > MAX_CAPTURE) throw new RangeError(`${name} is longer than ${MAX_CAPTURE} bytes`);
    const reader = new CaptureReader();
    reader.push(new Uint8Array(readFileSync(path)));
    const frames: Uint8Array[] = [];
    for (let record = reader.next(); record; record = reader.next()) {
      frames.push(record.bytes.slice(record.start, record.end));
    }
    reader.finish();
    return frames;
  } catch (error) {
    if (error instanceof RangeError) throw error;
    if (error instanceof CaptureError) throw new RangeError(`${name}: ${error.message}`);
    const code = error instanceof Error && 'code' in error ? error.code : '';
    throw new RangeError(code === 'ENOENT' ? `there is no file ${name}` : `${name} can't be read (${code})`);
  }
}
