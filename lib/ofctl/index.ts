/** ovs-ofctl's commands against any OpenFlow 1.3 switch: a client, and a table of commands. */
export * from './absent-commands.js';
export * from './client.js';
export * from './command.js';
export * from './commands.js';
export * from './outcome.js';
