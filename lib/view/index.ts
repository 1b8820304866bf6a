/** Messages for people and programs: lines and JSON. */

export { dissect, dissectLines, type Layer } from './dissect.js';
export * from './junit.js';
export * from './message-json.js';
export { messageLines, messageNames, nameOf, requestText } from './message-text.js';
