/**
 * Queues of a running switch, which Open vSwitch has in its database (ovs-vswitchd.conf.db(5), QoS and Queue): rates of
 * queues, and the rate that a port is held to. `ovs-ofctl queue-get-config` and `queue-stats` show what is set.
 */
import type { QueueRates } from '../datapath/index.js';
import { formatPort } from '../nxm/index.js';
import { type Call, type Command, command, Refused } from './command.js';
import { portOf } from './state-commands.js';

/** The greatest queue that OpenFlow 1.3 can name: OFPQ_ALL is the one above. */
const MAX_QUEUE = 0xffff_fffe;
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };
/** 1 Tbit/s: rates are told in thousandths of the port's. */
const MAX_RATE_BPS = 1e12;

/** "10M" → 10,000,000 bits a second. */
function rateOf(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,13})([kMG]?)$/.exec(text) ?? [];
  const rate = Number(digits) * UNITS[unit];
  if (rate >= 1 && rate <= MAX_RATE_BPS) return rate;
  throw new Refused(`"${text}" is no rate in bits a second: 10M, 500k, 64000`);
}

function queueOf(text: string): number {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (id <= MAX_QUEUE) return id;
  throw new Refused(`"${text}" is no queue: 0 to ${MAX_QUEUE}`);
}

const NAMES: Readonly<Record<string, keyof QueueRates>> = { min: 'min_rate_bps', max: 'max_rate_bps' };

function set([port, queue, ...words]: readonly string[], call: Call): string {
  const rates: { -readonly [K in keyof QueueRates]: QueueRates[K] } = {};
  for (const word of words) {
    const [key, value = ''] = word.split(/=(.*)/s, 2);
    if (!Object.hasOwn(NAMES, key)) throw new Refused(`"${word}": a queue has min=RATE and max=RATE`);
    rates[NAMES[key]] = rateOf(value);
  }
  return change(() => call.sw.setQueue(portOf(port, call), queueOf(queue), rates));
}

function remove([port, queue]: readonly string[], call: Call): string {
  const [number, id] = [portOf(port, call), queueOf(queue)];
  if (!call.sw.queues().some((each) => each.port === number && each.queueId === id)) {
    throw new Refused(`port ${port} has no queue ${queue}`);
  }
  return change(() => call.sw.setQueue(number, id, null));
}

function holdPort([port, rate]: readonly string[], call: Call): string {
  const bps = rate === 'none' ? undefined : rateOf(rate);
  return change(() => call.sw.setPortRate(portOf(port, call), bps));
}

/** Makes a change of the switch; what it can't be is refused. */
function change(make: () => void): string {
  try {
    make();
    return '';
  } catch (error) {
    if (error instanceof RangeError) throw new Refused(error.message);
    throw error;
  }
}

function list(_: readonly string[], { sw }: Call): string {
  const rate = (name: string, bps: number | undefined): string => (bps === undefined ? '' : ` ${name}=${bps}`);
  const lines = sw.queues().map((queue) => {
    const { port, queueId, min_rate_bps, max_rate_bps, packets, bytes, errors } = queue;
    const rates = `${rate('min', min_rate_bps)}${rate('max', max_rate_bps)}`;
    return `port ${formatPort(port)} queue ${queueId}:${rates} packets=${packets} bytes=${bytes} errors=${errors}\n`;
  });
  return lines.join('');
}

export const QUEUE_COMMANDS: readonly Command[] = [
  command('queue/set', 'PORT QUEUE [min=RATE] [max=RATE]', [2, 4], set),
  command('queue/del', 'PORT QUEUE', [2, 2], remove),
  command('queue/list', '', [0, 0], list),
  command('port/rate', 'PORT RATE|none', [2, 2], holdPort),
];
