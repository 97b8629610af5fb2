import type { GoDuration } from './go-duration.ts';
import type { GoHtml } from './go-html.ts';
import type { GoTime } from './go-time.ts';
import type { Methods } from './method.ts';

/**
 * What a template computes with, as Go would type it: float64 is number, int is bigint, nil is null, a slice is an
 * array.
 */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | GoMap
  | GoStruct
  | GoTime
  | GoDuration
  | GoHtml
  | GoList;

/** A slice. One of a named Go type has that name, and methods if the type has. */
export interface GoList extends ReadonlyArray<Value> {
  readonly goType?: string;
  readonly methods?: Methods;
}

/** A slice of a named Go type. */
export function namedList(items: readonly Value[], goType: string, methods: Methods): GoList {
  return Object.assign([...items], { goType, methods });
}

/** What a map is besides its entries. */
export interface GoMapType {
  readonly goType: string;
  /** Win over keys of the same name, as in Go. */
  readonly methods: Methods;
}

/** A map with string keys. A missing key gives `zero`: Prometheus expands with Go's option missingkey=zero. */
export class GoMap {
  readonly entries: ReadonlyMap<string, Value>;
  readonly zero: Value;
  readonly type: GoMapType | undefined;

  constructor(entries: ReadonlyMap<string, Value>, zero: Value, type?: GoMapType) {
    this.entries = entries;
    this.zero = zero;
    this.type = type;
  }

  static ofStrings(pairs: Iterable<readonly [string, string]>, type?: GoMapType): GoMap {
    return new GoMap(new Map(pairs), '', type);
  }

  get(key: string): Value {
    return this.entries.get(key) ?? this.zero;
  }

  /** As Go iterates over and prints them. */
  sortedKeys(): string[] {
    return [...this.entries.keys()].sort();
  }
}

/** Named fields in order; asking for another is an error. */
export class GoStruct {
  readonly typeName: string;
  readonly fields: ReadonlyMap<string, Value>;
  readonly isTrue = true;
  readonly #jsonNames: Readonly<Record<string, string>>;

  /** `jsonNames` are the names in JSON of fields that have another one there. */
  constructor(
    typeName: string,
    fields: Readonly<Record<string, Value>>,
    jsonNames: Readonly<Record<string, string>> = {},
  ) {
    this.typeName = typeName;
    this.fields = new Map(Object.entries(fields));
    this.#jsonNames = jsonNames;
  }

  jsonName(field: string): string {
    return this.#jsonNames[field] ?? field;
  }
}

/** One series of a query's result. */
export function sampleValue(labels: Iterable<readonly [string, string]>, value: number): GoStruct {
  return new GoStruct('*template.sample', { Labels: GoMap.ofStrings(labels), Value: value });
}

/** A reason without a position; whoever evaluates adds it. */
export class ValueError extends Error {
  override readonly name: string = 'ValueError';
}

/** Of an argument, counted from 0, that is not of the type that a function takes. */
export class ArgumentError extends ValueError {
  readonly index: number;
  /** In Go's words. */
  readonly wanted: string;
  readonly got: string;

  constructor(name: string, { index, wanted, got }: { index: number; wanted: string; got: Value }) {
    super(`wrong type of argument for ${name}: wanted ${wanted}, got ${typeName(got)}`);
    this.index = index;
    this.wanted = wanted;
    this.got = typeName(got);
  }
}

/** Of a call with too many or too few arguments. */
export class ArityError extends ValueError {}

export function isList(value: Value): value is GoList {
  return Array.isArray(value);
}

/** Go's name of the value's type. */
export function typeName(value: Value): string {
  if (value === null) return '<nil>';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'number':
      return 'float64';
    case 'bigint':
      return 'int';
    case 'boolean':
      return 'bool';
  }
  if (isList(value)) return value.goType ?? 'template.queryResult';
  if (value instanceof GoMap) {
    return value.type?.goType ?? (value.zero === '' ? 'map[string]string' : 'map[string]interface {}');
  }
  return value.typeName;
}

/** What {{if}}, {{with}}, `and`, `or` and `not` take for true: neither zero nor empty. */
export function isTrue(value: Value): boolean {
  if (value === null) return false;
  switch (typeof value) {
    case 'string':
      return value !== '';
    case 'number':
      return value !== 0;
    case 'bigint':
      return value !== 0n;
    case 'boolean':
      return value;
  }
  if (isList(value)) return value.length > 0;
  if (value instanceof GoMap) return value.entries.size > 0;
  return value.isTrue;
}
