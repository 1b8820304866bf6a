/** What the files of commands share: each adds its command to the program, with options, help and what runs it. */
import type { Command } from 'commander';
import { didYouMean } from '../../nxm/suggestion.js';

/** Hears a command's exit status. */
export type Ended = (status: number) => void;

/** Is it an option, or a command of the program? */
export function knows(program: Command, word: string): boolean {
  return word.startsWith('-') || program.commands.some((command) => command.name() === word);
}

/** What to say of a command that there is none of. */
export function unknownCommand(word: string, program: Command): string {
  const known = [...program.commands.map((command) => command.name()), 'help'];
  return `unknown command "${word}"${didYouMean(word, known) || `; there are ${known.join(', ')}`}`;
}
