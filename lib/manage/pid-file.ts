/**
 * PROGRAM.pid in a run directory: whose socket `ovs-appctl -t ctswitch` means. The genuine tool believes a pid file
 * only while its process holds a lock on it (fcntl(2)), which Node can't take by itself: koffi does, where it is
 * installed. Without it only `-t PATH` finds the socket.
 */
import { closeSync, constants, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PROGRAM } from './places.js';

/**
 * F_SETLK and F_WRLCK of Linux, and the size of its struct flock on 64-bit machines: all zero but for the type means
 * the whole file.
 */
const SET_LOCK = 6;
const WRITE_LOCK = 1;
const FLOCK_BYTES = 32;

interface Koffi {
  load(library: string): { func(signature: string): (fd: number, command: number, lock: Uint8Array) => number };
}

/** Locks an open file for as long as it is open; false where that can't be done, or another process has the lock. */
function lock(fd: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    const fcntl = koffi.load('libc.so.6').func('int fcntl(int fd, int command, void *lock)');
    const flock = new Uint8Array(FLOCK_BYTES);
    flock[0] = WRITE_LOCK;
    return fcntl(fd, SET_LOCK, flock) === 0;
  } catch {
    return false;
  }
}

/** Opens or makes a file; null where it can't be had, or is a link, which would lead to a file that isn't ours. */
function openOwn(path: string): number | null {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch {
    return null;
  }
}

/**
 * Writes the file and locks it; null where it can't be had, another switch has it, or nothing can lock it. What is
 * returned removes it.
 */
export function writePid(folder: string): (() => void) | null {
  const path = join(folder, `${PROGRAM}.pid`);
  const fd = openOwn(path);
  if (fd === null) return null;
  if (!lock(fd)) {
    closeSync(fd);
    return null;
  }
  ftruncateSync(fd);
  writeSync(fd, `${process.pid}\n`);
  return () => {
    rmSync(path, { force: true });
    closeSync(fd);
  };
}
