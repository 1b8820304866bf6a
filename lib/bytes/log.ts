/** What the library says to whoever runs it. pino's loggers fit; the default is silent. */
export interface Log {
  /** Everything else. */
  debug(message: string): void;
  /** What happens. */
  info(message: string): void;
  /** What somebody should know. */
  warn(message: string): void;
  /** What failed. */
  error(message: string): void;
}

/** Says nothing. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
