/** A switch with a management socket in a folder of its own, for specs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, TextError } from '../../lib/bytes/index.js';
import { type Daemon, ManagementClient, ManagementServer, Refused } from '../../lib/manage/index.js';
import { type MemoryPort, memory } from '../../lib/ports/memory.js';
import { PortTextError, parsePort } from '../../lib/ports/spec-text.js';
import { Switch, type SwitchOptions } from '../../lib/switch.js';

export class Managed {
  readonly clock = new ManualClock();
  readonly sw: Switch;
  readonly ports: MemoryPort[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'manage-'));
  readonly path = join(this.folder, 'ctswitch.1.ctl');
  readonly server: ManagementServer;
  exited = false;
  private readonly clients: ManagementClient[] = [];

  constructor(options: SwitchOptions = {}, more: Partial<Daemon> = {}) {
    this.sw = new Switch({ clock: this.clock, smallestFragment: { ipv4: 1200, ipv6: 1280 }, ...options });
    for (const number of [1, 2, 3, 4]) this.ports.push(this.sw.addPort(number, memory({ name: `p${number}` })));
    const daemon: Daemon = {
      switches: new Map([['br0', this.sw]]),
      clock: this.clock,
      version: 'ctswitch 0.0.0',
      verbosity: 0,
      exit: () => {
        this.exited = true;
      },
      openPort(spec) {
        try {
          return parsePort(spec).port;
        } catch (error) {
          if (error instanceof PortTextError || error instanceof TextError) throw new Refused(error.message);
          throw error;
        }
      },
      ...more,
    };
    this.server = new ManagementServer(daemon, this.path);
  }

  async open(): Promise<ManagementClient> {
    if (this.clients.length === 0) await this.server.listen();
    const client = await ManagementClient.open(this.path);
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.server.close();
    await this.sw.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
