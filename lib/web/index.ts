/** A page in the browser, what it asks for, and metrics: over HTTP, read only. */
export { type HttpAddress, parseHttpAddress } from './address.js';
export { type Opened, openWeb, type WebOptions } from './server.js';
