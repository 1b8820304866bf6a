/** The switch's end of OpenFlow. */
export * from './agent.js';
export * from './description.js';
export * from './profile.js';
export type { HeldRole } from './role.js';
