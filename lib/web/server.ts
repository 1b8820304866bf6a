/**
 * The server of the page and of metrics: GET and HEAD alone, files that are listed here, JSON that is made when it is
 * asked for. What it answers comes out of `facts.ts` and `metrics.ts`. Nothing that comes in here changes a switch.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Log, TextError } from '../bytes/index.js';
import type { Switch } from '../switch.js';
import { type HttpAddress, isOwnHost, urlOf } from './address.js';
import { BadQuestion, connectionFacts, LastPacketIns, switchFacts, traceFacts } from './facts.js';
import { metricsOf, type Watched } from './metrics.js';

/** Clients at once; others are hung up on. */
export const MAX_CLIENTS = 64;
/** The longest address of a request, in characters; more is 414. */
export const MAX_URL = 8192;
/** The longest packet to trace, in characters. */
export const MAX_PACKET_TEXT = 4096;
/** How long a request may take to come in. */
const REQUEST_MS = 10_000;

/** What is shown, and where. */
export interface WebOptions {
  /** By name, in the order of the page. */
  readonly switches: ReadonlyMap<string, Switch>;
  readonly address: HttpAddress;
  readonly log: Log;
}

/** A server that listens. */
export interface Opened {
  /** "http://127.0.0.1:8080/" */
  readonly url: string;
  close(): Promise<void>;
}

const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['page.html', 'text/html; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/trace-view.js': ['trace-view.js', 'text/javascript; charset=utf-8'],
};

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** A request that is refused, with its status. */
class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface Answer {
  readonly type: string;
  readonly body: string | Buffer;
}
const json = (value: unknown): Answer => ({
  type: 'application/json; charset=utf-8',
  body: JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each)),
});

/** Listens. Rejects as node:net does where it can't. */
export async function openWeb({ switches, address, log }: WebOptions): Promise<Opened> {
  const watched = new Map<string, Watched>();
  for (const [name, sw] of switches) watched.set(name, { sw, packetIns: new LastPacketIns(sw) });
  const registry = metricsOf(watched);

  const pages: Readonly<Record<string, (question: URLSearchParams) => Promise<Answer> | Answer>> = {
    '/metrics': async () => ({ type: registry.contentType, body: await registry.metrics() }),
    '/api/switches': () => json([...switches.keys()]),
    '/api/switch': async (question) => json(await switchFacts(...chosen(watched, question))),
    '/api/connections': async (question) => json(await connectionFacts(chosen(watched, question)[1], question)),
    '/api/trace': (question) => {
      const packet = question.get('packet') ?? '';
      if (packet.length > MAX_PACKET_TEXT) throw new BadQuestion(`a packet has at most ${MAX_PACKET_TEXT} characters`);
      return json(traceFacts(chosen(watched, question)[1], packet));
    },
  };

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const { method, url = '/', headers } = request;
    if (!isOwnHost(headers.host, address))
      throw new HttpError(421, 'open it by its address, by localhost, or by the name that --http gives');
    if (method !== 'GET' && method !== 'HEAD') throw new HttpError(405, 'only GET and HEAD: nothing can be changed');
    if (url.length > MAX_URL) throw new HttpError(414, `an address has at most ${MAX_URL} characters`);
    if (!url.startsWith('/')) throw new HttpError(400, 'an address begins with /');
    const [path, query = ''] = url.split('?', 2);
    if (Object.hasOwn(FILES, path)) {
      const [file, type] = FILES[path];
      return { type, body: readFileSync(new URL(`../../../web/${file}`, import.meta.url)) };
    }
    if (!Object.hasOwn(pages, path)) throw new HttpError(404, 'there is nothing here');
    return pages[path](new URLSearchParams(query));
  };

  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    answer(request).then(
      (found) => send(response, 200, found, request.method === 'HEAD'),
      (error: unknown) => {
        const status = statusOf(error);
        const why = error instanceof TextError ? error.why : error instanceof Error ? error.message : String(error);
        if (status === 500) log.error(`http: ${request.url}: ${why}`);
        send(response, status, json({ error: status === 500 ? 'the switch could not answer' : why }), false);
      },
    );
  });
  server.maxConnections = MAX_CLIENTS;
  await listen(server, address);
  const bound = { host: address.host, port: (server.address() as AddressInfo).port };
  return {
    url: urlOf(bound),
    async close() {
      for (const { packetIns } of watched.values()) packetIns.close();
      registry.clear();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function chosen(watched: ReadonlyMap<string, Watched>, question: URLSearchParams): [string, Switch, LastPacketIns] {
  const name = question.get('switch') ?? [...watched.keys()][0];
  const found = watched.get(name);
  if (!found) throw new HttpError(404, `there is no switch "${name}"`);
  return [name, found.sw, found.packetIns];
}

function statusOf(error: unknown): number {
  if (error instanceof HttpError) return error.status;
  return error instanceof TextError || error instanceof BadQuestion || error instanceof RangeError ? 400 : 500;
}

function send(response: ServerResponse, status: number, { type, body }: Answer, headOnly: boolean): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const allow = status === 405 ? { allow: 'GET, HEAD' } : {};
  response.writeHead(status, { ...HEADERS, ...allow, 'content-type': type, 'content-length': bytes.length });
  response.end(headOnly ? undefined : bytes);
}

function listen(server: Server, { host, port }: HttpAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
