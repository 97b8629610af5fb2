import { parseDurationLabel } from '../../scrape/duration.ts';
import { parseSize } from '../../scrape/size.ts';

/** What is wrong with an object. The message begins with the field: `spec.interval: expected …, got "abc"`. */
export class FieldError extends Error {
  constructor(field: string, message: string) {
    super(`${field}: ${message}`);
    this.name = 'FieldError';
  }
}

/**
 * A map in an object of the API, read field by field. What is null counts as not given, and so does empty text unless a
 * method says otherwise, as in the operator's own types. Everything throws a FieldError that names the field. Which fields
 * were never asked for is known at the end, so that none is passed over in silence.
 */
export class Fields {
  /** Where this map is: `spec.endpoints[0]`. */
  readonly path: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();
  readonly #children = new Map<string, Fields>();

  constructor(values: unknown, path: string) {
    this.path = path;
    if (!isMap(values)) throw new FieldError(path, `expected a map, got ${kindOf(values)}`);
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  /** Throws what is wrong with a field. */
  fail(name: string, message: string): never {
    throw new FieldError(this.#at(name), message);
  }

  text(name: string): string | undefined {
    return this.textOrEmpty(name) || undefined;
  }

  /** Text in which '' is a value. */
  textOrEmpty(name: string): string | undefined {
    const value = this.#get(name);
    if (value !== undefined && typeof value !== 'string') this.fail(name, `expected text, got ${describe(value)}`);
    return value as string | undefined;
  }

  requiredText(name: string): string {
    return this.text(name) ?? this.fail(name, 'expected text, got nothing');
  }

  boolean(name: string): boolean | undefined {
    const value = this.#get(name);
    if (value !== undefined && typeof value !== 'boolean') {
      this.fail(name, `expected true or false, got ${describe(value)}`);
    }
    return value as boolean | undefined;
  }

  /** A whole number of at least 0. */
  integer(name: string): number | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      this.fail(name, `expected a whole number of at least 0, got ${describe(value)}`);
    }
    return value as number;
  }

  /** Milliseconds. */
  duration(name: string): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : this.#parse(name, () => parseDurationLabel(value));
  }

  /** Bytes. */
  size(name: string): number | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : this.#parse(name, () => parseSize(value));
  }

  oneOf<const T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    return choices.find((choice) => choice === value) ?? this.#failChoice(name, choices, JSON.stringify(value));
  }

  /** One of these words, which are given in small letters, in capitals or not. */
  oneOfFolded<const T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const folded = value.toLowerCase();
    return choices.find((choice) => choice === folded) ?? this.#failChoice(name, choices, JSON.stringify(value));
  }

  /** A name or a number, as text; undefined when it is '' or 0. */
  port(name: string): { readonly text: string; readonly isNumber: boolean } | undefined {
    const value = this.#get(name);
    if (value === undefined || value === '' || value === 0) return undefined;
    if (typeof value === 'string') return { text: value, isNumber: false };
    if (Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536) {
      return { text: String(value), isNumber: true };
    }
    return this.fail(name, `expected the name or the number of a port, got ${describe(value)}`);
  }

  texts(name: string): readonly string[] {
    return this.#list(name).map((item, i) => {
      if (typeof item !== 'string') this.fail(`${name}[${i}]`, `expected text, got ${describe(item)}`);
      return item as string;
    });
  }

  textMap(name: string): Readonly<Record<string, string>> {
    const map: Record<string, string> = {};
    for (const [key, value] of this.#entries(name)) {
      if (typeof value !== 'string') this.fail(`${name}[${key}]`, `expected text, got ${describe(value)}`);
      map[key] = value as string;
    }
    return map;
  }

  textListMap(name: string): Readonly<Record<string, readonly string[]>> {
    const map: Record<string, readonly string[]> = {};
    const inner = this.#entries(name);
    const lists = new Fields(Object.fromEntries(inner), this.#at(name));
    for (const [key] of inner) map[key] = lists.texts(key);
    return map;
  }

  map(name: string): Fields | undefined {
    const value = this.#get(name);
    return value === undefined ? undefined : this.#child(value, this.#at(name));
  }

  requiredMap(name: string): Fields {
    return this.map(name) ?? this.fail(name, 'expected a map, got nothing');
  }

  maps(name: string): readonly Fields[] {
    return this.#list(name).map((item, i) => this.#child(item, `${this.#at(name)}[${i}]`));
  }

  /** The names of fields that are given, in their order. Does not count as reading them. */
  names(): readonly string[] {
    return Object.keys(this.#values).filter((name) => isGiven(this.#values[name]));
  }

  /** Fields that hold something and that nobody has asked for, with their paths. */
  unread(): readonly string[] {
    const own = this.names().filter((name) => !this.#read.has(name));
    return [...own.map((name) => this.#at(name)), ...[...this.#children.values()].flatMap((child) => child.unread())];
  }

  #get(name: string): unknown {
    this.#read.add(name);
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
    return value === null ? undefined : value;
  }

  #list(name: string): readonly unknown[] {
    const value = this.#get(name) ?? [];
    if (!Array.isArray(value)) this.fail(name, `expected a list, got ${describe(value)}`);
    return value as readonly unknown[];
  }

  #entries(name: string): readonly [string, unknown][] {
    const value = this.#get(name) ?? {};
    if (!isMap(value)) this.fail(name, `expected a map, got ${describe(value)}`);
    return Object.entries(value as Readonly<Record<string, unknown>>);
  }

  #child(value: unknown, path: string): Fields {
    // One for all who ask, so that it knows what any of them has read.
    const known = this.#children.get(path);
    if (known !== undefined) return known;
    const child = new Fields(value, path);
    this.#children.set(path, child);
    return child;
  }

  #parse<T>(name: string, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      return this.fail(name, error instanceof Error ? error.message : String(error));
    }
  }

  #failChoice(name: string, choices: readonly string[], given: string): never {
    return this.fail(name, `expected one of ${choices.join(', ')}, got ${given}`);
  }

  #at(name: string): string {
    return `${this.path}.${name}`;
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a field says anything: the API server keeps empty maps and false ones that somebody wrote. */
function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** Where a map belongs, what stands there instead may be a secret that somebody wrote in place of its reference. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return { object: 'a map', string: 'text', number: 'a number' }[typeof value as string] ?? 'a scalar';
}

function describe(value: unknown): string {
  const isScalar = value !== null && value !== undefined && typeof value !== 'object';
  return isScalar ? JSON.stringify(value).slice(0, 80) : kindOf(value);
}
