/** What the library says to whoever runs it. pino's loggers fit; the default is silent. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Says nothing. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
