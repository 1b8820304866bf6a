/** A viewer of OpenFlow: what messages say, and why. */

export { messageNames } from '../view/index.js';
export * from './controller.js';
export * from './inspector.js';
export * from './proxy.js';
