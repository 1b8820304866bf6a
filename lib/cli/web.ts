/** --http: the page and the metrics of a command's switches, if they were asked for. */
import { InvalidArgumentError, Option } from 'commander';
import type { Log } from '../bytes/index.js';
import type { Switch } from '../switch.js';
import { parseHttpAddress } from '../web/address.js';
import type { HttpAddress } from '../web/index.js';
import { EXIT, Failure } from './exit.js';

/** The option. */
export function httpOption(): Option {
  const text =
    'a page in the browser, and /metrics for Prometheus, read only; without a host, loopback (0 picks a port)';
  return new Option('--http <[HOST:]PORT>', text).argParser((value: string) => {
    try {
      return parseHttpAddress(value);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  });
}

/** An open page, or none. */
export interface Page {
  /** Where it is; null: nowhere. */
  readonly url: string | null;
  close(): Promise<void>;
}

/** Opens it. Throws a Failure where that can't be done. */
export async function openPage(
  address: HttpAddress | undefined,
  switches: ReadonlyMap<string, Switch>,
  log: Log,
): Promise<Page> {
  if (address === undefined) return { url: null, close: async () => {} };
  const { openWeb } = await import('../web/index.js');
  try {
    return await openWeb({ switches, address, log });
  } catch (error) {
    throw new Failure(EXIT.environment, `--http: ${(error as Error).message}`);
  }
}
