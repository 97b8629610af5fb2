/**
 * What a value of the configuration file looks like. The tables of keys (`*-keys.ts`) are made of these: they drive the
 * checks, the defaults, the types of what was read, and the printing of a configuration.
 */
export type Shape<T> = ScalarShape<T> | ListShape<T> | RecordShape<T> | MapShape<T> | AnythingShape;

interface Typed<T> {
  /** Only for the type checker. */
  readonly phantom?: T;
}

export interface ScalarShape<T> extends Typed<T> {
  readonly kind: 'scalar';
  /** `a duration such as 15s`, after "expected". */
  readonly expected: string;
  /** Throws an Error whose message is for the user. */
  parse(text: string, place: ScalarPlace): T;
  print(value: T): unknown;
  /** Stands in for a value that could not be read, so that the checks can go on. */
  readonly placeholder: T;
  /** What was given is not quoted in errors. */
  readonly secret: boolean;
}

/** What parsing a scalar may depend on. */
export interface ScalarPlace {
  /** Absolute path from one that is relative to the file. */
  resolve(path: string): string;
  /** Has the file's existence checked when all is read. */
  mustExist(path: string): void;
}

export interface ListShape<T> extends Typed<T> {
  readonly kind: 'list';
  readonly of: Shape<unknown>;
}

/** A map whose keys the user chooses, such as labels. */
export interface RecordShape<T> extends Typed<T> {
  readonly kind: 'record';
  readonly of: Shape<unknown>;
  /** What is wrong with this key, if anything. */
  readonly badKey: (key: string) => string | undefined;
}

export interface MapShape<T> extends Typed<T> {
  readonly kind: 'map';
  readonly keys: Keys;
}

/** Whatever stands there, unread. */
export interface AnythingShape {
  readonly kind: 'anything';
}

/** One row of a table of keys. */
export interface Key<T> extends Typed<T> {
  readonly shape: Shape<unknown>;
  /** What it is for: a sentence for the documentation. */
  readonly doc: string;
  readonly presence: 'required' | 'optional' | 'defaulted';
  /** The value without the key; of a section undefined means: its keys' defaults. */
  readonly fallback: unknown;
  /** Why it has no effect in Pharos; using it is a warning. */
  readonly notServed: string | undefined;
  /** Values as written that need no such warning. */
  readonly harmless: readonly string[];
}

export type Keys = Readonly<Record<string, Key<unknown>>>;

/** The type of a section that was read. */
export type ValueOf<K extends Keys> = { readonly [N in keyof K]: K[N] extends Key<infer T> ? T : never };

/** A key that may be left out; then its value is `fallback`. */
export function key<T>(shape: Shape<T>, fallback: T, doc: string): Key<T> {
  return { shape, doc, presence: 'defaulted', fallback, notServed: undefined, harmless: [] };
}

/** A key that may be left out; then its value is undefined. */
export function optional<T>(shape: Shape<T>, doc: string): Key<T | undefined> {
  return { shape, doc, presence: 'optional', fallback: undefined, notServed: undefined, harmless: [] };
}

export function required<T>(shape: Shape<T>, doc: string): Key<T> {
  return { shape, doc, presence: 'required', fallback: undefined, notServed: undefined, harmless: [] };
}

/** A section that may be left out; then it has its keys' defaults. */
export function section<T>(shape: MapShape<T>, doc: string): Key<T> {
  return { shape, doc, presence: 'defaulted', fallback: undefined, notServed: undefined, harmless: [] };
}

/** A key that Prometheus knows and that has no effect here, with the reason or consequence. */
export function notServed(reason: string, harmless: readonly string[] = []): Key<undefined> {
  return {
    shape: { kind: 'anything' },
    doc: reason,
    presence: 'optional',
    fallback: undefined,
    notServed: reason,
    harmless,
  };
}

/** A key whose value somebody else reads. */
export function elsewhere(doc: string): Key<undefined> {
  return {
    shape: { kind: 'anything' },
    doc,
    presence: 'optional',
    fallback: undefined,
    notServed: undefined,
    harmless: [],
  };
}

export function map<K extends Keys>(keys: K): MapShape<ValueOf<K>> {
  return { kind: 'map', keys };
}

export function list<T>(of: Shape<T>): ListShape<readonly T[]> {
  return { kind: 'list', of };
}

export function record<T>(
  of: Shape<T>,
  badKey: (key: string) => string | undefined = () => undefined,
): RecordShape<Readonly<Record<string, T>>> {
  return { kind: 'record', of, badKey };
}

/** A scalar; `expected` completes "expected …", `parse` throws when the text is not that. */
export function scalar<T>(
  expected: string,
  placeholder: T,
  options: {
    readonly parse: (text: string, place: ScalarPlace) => T;
    readonly print?: (value: T) => unknown;
    readonly secret?: boolean;
  },
): ScalarShape<T> {
  const { parse, print = (value) => value, secret = false } = options;
  return { kind: 'scalar', expected, placeholder, parse, print, secret };
}
