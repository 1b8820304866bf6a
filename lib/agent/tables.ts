/**
 * The flow tables as controllers see and configure them: table features both ways (OpenFlow 1.3.5 §7.3.5.5) and
 * table-mod (§7.3.4.2). A request with a body makes exactly the tables it names the pipeline. What a row means is
 * table-request.ts's; holding flows to it is the pipeline's.
 */
import { OpenFlowError } from '../bytes/index.js';
import { ALL_TABLES, type Field } from '../nxm/index.js';
import type { PipelineApi, TableLimits, TableSetup } from '../pipeline/types.js';
import { encodeRows, type OxmId, oxmId, type TableFeatures, type TableProperty } from '../wire/index.js';
import { isShown, type Profile } from './profile.js';
import { type Capabilities, capabilitiesOf, fullFeatures, MAX_ENTRIES } from './table-features.js';
import { CONFIG_BITS, capabilityText, checkTables, fieldOfId, limitsOf } from './table-request.js';

/** A table of the pipeline: its features in full, whatever a profile shows of them, and what flows are held to. */
interface Configured {
  readonly row: TableFeatures;
  /** null: all that the switch can. */
  readonly limits: TableLimits | null;
}

export class Tables {
  private readonly can: Capabilities;
  /** Made when somebody asks: half a megabyte that most controllers never look at. */
  private made: Map<number, Configured> | null = null;
  private readonly encoded = new Map<Profile, readonly Uint8Array[]>();

  constructor(private readonly pipeline: PipelineApi) {
    this.can = capabilitiesOf(pipeline.tableCount);
  }

  private get tables(): Map<number, Configured> {
    if (this.made !== null) return this.made;
    const ids = Array.from({ length: this.can.tables }, (_, id) => id);
    this.made = new Map(ids.map((id) => [id, { row: fullFeatures(this.can, id), limits: null }]));
    return this.made;
  }

  /** Replies with the features of all tables, as a profile shows them; their xid is 0. */
  replies(profile: Profile): readonly Uint8Array[] {
    const known = this.encoded.get(profile);
    if (known) return known;
    const rows = [...this.tables.values()].map(({ row }) => shown(row, profile));
    const made = [...encodeRows('table_features', 0, rows)];
    this.encoded.set(profile, made);
    return made;
  }

  /** Makes these the tables of the pipeline. Throws OpenFlowError before anything has changed. */
  set(rows: readonly TableFeatures[], profile: Profile): void {
    checkTables(rows, this.can);
    const wanted = [...rows].sort((a, b) => a.tableId - b.tableId).map((row) => this.configured(row, profile));
    const setups = wanted.map(({ row, limits }): readonly [number, TableSetup] => {
      return [row.tableId, { maxEntries: row.maxEntries, limits }];
    });
    this.pipeline.configureTables(new Map(setups));
    this.tables.clear();
    for (const each of wanted) this.tables.set(each.row.tableId, each);
    this.encoded.clear();
  }

  /** A table keeps its limits, and so its flows, where the request changes nothing of what it can do. */
  private configured(row: TableFeatures, profile: Profile): Configured {
    const full = fullFeatures(this.can, row.tableId);
    const old = this.tables.get(row.tableId) ?? { row: full, limits: null };
    const maxEntries = Math.min(row.maxEntries, MAX_ENTRIES);
    const asked = capabilityText(row);
    for (const same of [old, { row: full, limits: null }]) {
      if (capabilityText(shown(same.row, profile)) !== asked) continue;
      const { name, config } = row;
      return { row: { ...same.row, name, config, maxEntries }, limits: same.limits };
    }
    const whole = { ...row, maxEntries, properties: wholeProperties(row.properties, full.properties, profile) };
    return { row: whole, limits: limitsOf(whole) };
  }

  /** OFPT_TABLE_MOD: bits without a meaning, kept for old controllers. */
  modify(tableId: number, config: number): void {
    if (tableId !== ALL_TABLES && !this.tables.has(tableId)) {
      throw new OpenFlowError('OFPTMFC_BAD_TABLE', `there is no table ${tableId}`, 8);
    }
    if (config & ~CONFIG_BITS) {
      throw new OpenFlowError('OFPTMFC_BAD_CONFIG', `unknown configuration 0x${(config >>> 0).toString(16)}`, 12);
    }
    for (const [id, { row, limits }] of this.tables) {
      if (tableId === ALL_TABLES || tableId === id) this.tables.set(id, { row: { ...row, config }, limits });
    }
    this.encoded.clear();
  }
}

/** A row without the fields that a profile keeps to itself. */
function shown(row: TableFeatures, profile: Profile): TableFeatures {
  const properties = row.properties.map((p): TableProperty => {
    return 'fields' in p ? { ...p, fields: p.fields.filter((id) => isShownId(id, profile)) } : p;
  });
  return { ...row, properties };
}

function isShownId(id: OxmId, profile: Profile): boolean {
  const field = fieldOfId(id);
  return field !== undefined && isShown(profile, field);
}

/**
 * Writes the ids of fields as this switch does (Ryu's have no lengths), and adds the fields that a controller couldn't
 * name, because its profile doesn't show them: they stay as they are.
 */
function wholeProperties(
  properties: readonly TableProperty[],
  full: readonly TableProperty[],
  profile: Profile,
): TableProperty[] {
  return properties.map((p): TableProperty => {
    if (!('fields' in p)) return p;
    const all = full.find((each) => p.type.startsWith(each.type) && 'fields' in each);
    const hidden = all && 'fields' in all ? all.fields.filter((id) => !isShownId(id, profile)) : [];
    const own = p.fields.map((id) => oxmId(fieldOfId(id) as Field, p.type === 'match' && id.hasMask));
    return { ...p, fields: [...own, ...hidden] };
  });
}
