/**
 * As much of JSON Schema (2020-12) as the published schemas use: where a value departs from one. An unknown keyword is
 * an error.
 */
type Schema = Readonly<Record<string, unknown>>;

const IGNORED = new Set(['$schema', '$id', '$defs', 'title', 'description', 'examples']);

/** Places and reasons; none: the value fits. */
export function departures(value: unknown, schema: Schema, root: Schema = schema, at = '$'): string[] {
  const found: string[] = [];
  for (const [keyword, rule] of Object.entries(schema)) {
    if (IGNORED.has(keyword)) continue;
    const check = CHECKS[keyword];
    if (!check) throw new Error(`keyword ${keyword} is not known to this validator`);
    found.push(...check(value, rule as never, at, root, schema));
  }
  return found;
}

type Check = (value: unknown, rule: never, at: string, root: Schema, schema: Schema) => string[];

function typeOf(value: unknown): string[] {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  if (typeof value === 'number') return Number.isInteger(value) ? ['integer', 'number'] : ['number'];
  return [typeof value];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeOf(value)[0] === 'object';
const fail = (holds: boolean, at: string, why: string): string[] => (holds ? [] : [`${at}: ${why}`]);

/** The `kind` that a form asks for. */
function kindOf(schema: Schema): unknown {
  const { kind } = (schema.properties ?? {}) as { kind?: { const?: unknown } };
  return kind?.const;
}

const CHECKS: Readonly<Record<string, Check>> = {
  $ref: (value, rule: string, at, root) => {
    const target = rule
      .slice(2)
      .split('/')
      .reduce((s, name) => s[name] as Schema, root);
    return departures(value, target, root, at);
  },
  type: (value, rule: string | string[], at) =>
    fail(
      [rule].flat().some((type) => typeOf(value).includes(type)),
      at,
      `is ${typeOf(value)[0]}, not ${rule}`,
    ),
  const: (value, rule: unknown, at) => fail(value === rule, at, `is not ${rule}`),
  enum: (value, rule: unknown[], at) => fail(rule.includes(value), at, `${value} is none of ${rule}`),
  pattern: (value, rule: string, at) =>
    fail(typeof value !== 'string' || new RegExp(rule).test(value), at, `"${value}" has another form`),
  minimum: (value, rule: number, at) => fail(typeof value !== 'number' || value >= rule, at, `is below ${rule}`),
  maximum: (value, rule: number, at) => fail(typeof value !== 'number' || value <= rule, at, `is above ${rule}`),
  required: (value, rule: string[], at) =>
    rule.flatMap((name) => fail(!isObject(value) || name in value, at, `lacks ${name}`)),
  properties: (value, rule: Record<string, Schema>, at, root) =>
    isObject(value)
      ? Object.entries(rule).flatMap(([name, each]) =>
          name in value ? departures(value[name], each, root, `${at}.${name}`) : [],
        )
      : [],
  additionalProperties: (value, rule: boolean | Schema, at, root, schema) => {
    if (!isObject(value)) return [];
    const known = Object.keys((schema.properties ?? {}) as object);
    const others = Object.keys(value).filter((name) => !known.includes(name));
    if (typeof rule === 'object') return others.flatMap((name) => departures(value[name], rule, root, `${at}.${name}`));
    return rule ? [] : others.map((name) => `${at}: ${name} is not in the schema`);
  },
  items: (value, rule: Schema, at, root) =>
    Array.isArray(value) ? value.flatMap((item, i) => departures(item, rule, root, `${at}[${i}]`)) : [],
  oneOf: (value, rule: Schema[], at, root) => {
    // Forms that a `kind` tells apart aren't all tried: trees would take for ever.
    const meant = rule.filter((each) => isObject(value) && kindOf(each) === value.kind);
    if (meant.length === 1) return departures(value, meant[0], root, at);
    const fits = rule.filter((each) => departures(value, each, root, at).length === 0).length;
    return fail(fits === 1, at, `fits ${fits} forms`);
  },
  anyOf: (value, rule: Schema[], at, root) => {
    const tried = rule.map((each) => departures(value, each, root, at));
    return tried.some((list) => list.length === 0) ? [] : (tried.at(-1) ?? []);
  },
};
