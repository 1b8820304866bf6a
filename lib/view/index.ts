/** Messages for people and programs: lines and JSON. */
export * from './message-json.js';
export { messageLines, nameOf, requestText } from './message-text.js';
