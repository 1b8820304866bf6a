/**
 * Measurements go before other programs, with everything that they start: some checks of the conformance suite send
 * 20,000 packets a second and allow 10 % more or less, and what is lost while somebody else has the processor would
 * count against the switch.
 *
 * Where Linux groups processes by session (autogroup, sched(7)), a process's priority counts within its session only;
 * the session's own is then what decides.
 */
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const PRIORITY = -10;

/** Lets the session of a process, this one's unless told, go before other sessions, until what it returns is called. */
export function sessionFirst(pid: number | 'self' = 'self'): () => void {
  const set = (priority: number): void => {
    try {
      writeFileSync(`/proc/${pid}/autogroup`, String(priority));
    } catch {
      // No such groups, or no right to it: then the processes' own priority is all there is.
    }
  };
  set(PRIORITY);
  return () => set(0);
}

/** Lets this process and what it starts go before other programs of its session. */
export function goFirst(): void {
  try {
    setPriority(PRIORITY);
  } catch {
    console.error('no right to go before other programs: a busy machine may spoil what is measured');
  }
}
