/** Control of a running switch: the management socket, its commands, and the client's end. */
export { ManagementClient, RefusedError } from './client.js';
export { type Command, type Daemon, Refused } from './command.js';
export { writePid } from './pid-file.js';
export * from './places.js';
export { MAX_CLIENTS, ManagementServer, SILENCE_MS, TakenError } from './server.js';
export { TIMED_OUT } from './wait-command.js';
