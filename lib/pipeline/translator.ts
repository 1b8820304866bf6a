/**
 * The translation: an OpenFlow pipeline run once for a packet, symbolically. It walks the tables with the packet's key,
 * notes which bits decided (headers.ts), and emits the steps that every packet agreeing in those bits needs. It changes
 * nothing: what has an effect (a learned address, a committed connection, a packet-in) is a step. Sets are committed
 * late: header words are written only before a step that sees the frame.
 *
 * A ct action with a table is a step that ends in a recirculation id; behind it a new translation begins, with the
 * tracked fields known. What the packet takes along is frozen (freezer.ts). The same happens in front of an action or a
 * lookup that asks for what only came to light when a header was taken away (tags.ts): the rest of all lists that are
 * under way is frozen.
 *
 * What actions ask for is in parts, a file each; here a translation begins and ends.
 */
import type { Translation } from '../datapath/index.js';
import type { Action, Meaning } from '../nxm/index.js';
import { type Key, slots } from '../packet/key.js';
import { Copies } from './copies.js';
import { Encapsulation } from './encapsulation.js';
import { FieldAccess } from './field-access.js';
import { goOnLater, thaw } from './freezer.js';
import type { Frozen } from './frozen.js';
import { Learning } from './learning.js';
import { Lists } from './lists.js';
import { Outputs } from './outputs.js';
import { Pass } from './pass.js';
import { Tags } from './tags.js';
import { Tracking } from './tracking.js';
import type { World } from './world.js';

export class Translator implements Meaning {
  private readonly pass: Pass;
  readonly tags: Tags;
  readonly fields: FieldAccess;
  readonly lists: Lists;
  readonly outputs: Outputs;
  readonly copies: Copies;
  readonly tracking: Tracking;
  readonly encapsulation: Encapsulation;
  readonly learning: Learning;
  /** Packets dropped because they went too deep, by translations. */
  tooDeep = 0;
  /** Packets dropped because encap or decap had no way with them, by translations. */
  wrongType = 0;

  constructor(private readonly world: World) {
    const pass = new Pass(world);
    this.pass = pass;
    this.tags = new Tags(pass.headers, pass);
    this.fields = new FieldAccess(pass, this.tags);
    this.lists = new Lists(pass, this.tags, this);
    this.outputs = new Outputs(pass, this.lists);
    this.copies = new Copies(pass, this.tags, this.lists);
    this.encapsulation = new Encapsulation(pass, this.tags);
    this.tracking = new Tracking(pass, this);
    this.learning = new Learning(pass);
  }

  /**
   * The program for a packet that came in, or comes out of ct; `given`: what it has in registers and the like already.
   */
  translate(key: Key, given: Key | null = null): Translation {
    this.begin(key);
    const recirculation = key.get(slots.recirc_id);
    if (recirculation === 0) {
      this.beginFresh(given);
      this.lists.walk(0);
    } else {
      const frozen = this.world.frozen.get(recirculation);
      if (frozen) {
        thaw(this.pass, frozen);
        this.pass.listener?.resumed(frozen.rest);
        this.lists.resume(frozen.rest);
      }
    }
    return this.finish();
  }

  /** The program for a packet that waited for a controller. */
  translateResumed(key: Key, frozen: Frozen): Translation {
    this.begin(key);
    thaw(this.pass, frozen);
    this.pass.setActionSet(frozen.actionSet);
    this.pass.listener?.resumed(frozen.rest);
    this.lists.resume(frozen.rest);
    return this.finish();
  }

  /** The program for a packet-out's actions. */
  translateActions(key: Key, actions: readonly Action[], given: Key | null = null): Translation {
    this.begin(key);
    this.beginFresh(given);
    this.lists.run(actions);
    return this.finish();
  }

  private begin(key: Key): void {
    this.pass.begin(key);
    this.tags.begin();
    this.learning.begin();
  }

  /** A packet that wasn't in the pipeline before. */
  private beginFresh(given: Key | null): void {
    this.pass.metadata((word) => given?.words[word] ?? 0);
    this.pass.setActionSet([]);
  }

  private finish(): Translation {
    const { pass } = this;
    if (!pass.failed && pass.rest.length === 0) {
      // A packet-in out of the action set names the flow that the tables began with, as Open vSwitch's does.
      pass.tableId = pass.first.tableId;
      pass.flow = pass.first.flow;
      this.lists.runSet();
    }
    if (pass.rest.length > 0) goOnLater(pass);
    if (pass.failed) {
      if (pass.wrongType) this.wrongType++;
      else this.tooDeep++;
      pass.program.drop();
    }
    const translation = pass.program.seal(pass.headers);
    pass.listener?.finished(translation);
    return translation;
  }
}
