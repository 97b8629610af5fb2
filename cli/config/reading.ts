import { dirname, resolve } from 'node:path';
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from 'yaml';
import { nearest } from '../../alerting/nearest.ts';
import { ConfigError, type ConfigProblem } from './problem.ts';
import type { Keys, ListShape, MapShape, RecordShape, ScalarShape, Shape } from './shape.ts';

/** A file that the configuration names and that should be there. */
export interface NamedFile {
  readonly path: string;
  readonly place: Place;
}

/** A place in a configuration file. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
}

interface SectionPlace extends Place {
  /** The places of the keys or items that are written in the file. */
  readonly entries: ReadonlyMap<string, Place>;
  /** Keys whose values are placeholders, at least in part. */
  readonly wrong: ReadonlySet<string>;
}

/** More nodes than this is no configuration; aliases of aliases can make a small file huge. */
const MAX_NODES = 1_000_000;
const MAX_DEPTH = 64;

const NONE: ReadonlySet<string> = new Set();

/**
 * Reads YAML files by their shapes, collecting every problem instead of stopping at the first. Sections, records and
 * lists of what was read can be asked for their places, so that later checks can point at the line.
 */
export class Reading {
  readonly problems: ConfigProblem[] = [];
  readonly namedFiles: NamedFile[] = [];
  readonly #places = new WeakMap<object, SectionPlace>();
  #nodes = 0;
  #depth = 0;

  /** Always gives a value of the shape's type, with placeholders where the file is wrong. */
  read<T>(shape: MapShape<T>, file: { readonly name: string; readonly path: string; readonly text: string }): T {
    const lines = new LineCounter();
    const document = parseDocument(file.text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
    const at = (offset: number): { line: number; column: number } => {
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(1, line), column: Math.max(1, col) };
    };
    const errors = document.errors.filter(({ code }) => code !== 'MULTIPLE_DOCS');
    if (errors.length < document.errors.length) {
      const place = { file: file.name, ...at(document.range[2]), path: '' };
      this.report(place, 'only the first YAML document of a file counts', 'warning');
    }
    for (const error of errors) {
      // Some messages quote the text that is wrong, which may be a secret.
      const message = error.message.replace(/: "[\s\S]*$/, '');
      this.report({ file: file.name, ...at(error.pos[0]), path: '' }, `invalid YAML: ${message}`);
    }
    const walk: Walk = { file: file.name, directory: dirname(resolve(file.path)), document, at };
    const contents = errors.length > 0 || isEmpty(document.contents, walk) ? null : document.contents;
    return this.#value(shape, contents, { walk, place: { file: file.name, line: 1, column: 1, path: '' } }) as T;
  }

  /** Where a section (or list, or record) that was read stands, or one of its keys; of a missing key, the section. */
  placeOf(value: object, key?: string | number): Place {
    const place = this.#places.get(value);
    if (place === undefined) throw new Error('only what was read has a place');
    return key === undefined
      ? place
      : (place.entries.get(String(key)) ?? { ...place, path: joinPath(place.path, key) });
  }

  /** True when the key is written in the file. */
  isGiven(value: object, key: string): boolean {
    return this.#places.get(value)?.entries.has(key) ?? false;
  }

  /** False when the key's value is wrong, so that checks which compare it with others would only confuse. */
  isSound(value: object, ...keys: readonly string[]): boolean {
    const place = this.#places.get(value);
    return place === undefined || !keys.some((key) => place.wrong.has(key));
  }

  report(place: Place, message: string, severity: ConfigProblem['severity'] = 'error'): void {
    const { file, line, column, path } = place;
    this.problems.push({ severity, file, line, column, path, message });
  }

  #value(shape: Shape<unknown>, given: Node | null, context: Context): unknown {
    const node = this.#resolved(given, context);
    this.#enter(context.place);
    try {
      switch (shape.kind) {
        case 'scalar':
          return this.#scalar(shape, node, context);
        case 'list':
          return this.#list(shape, node, context);
        case 'record':
          return this.#record(shape, node, context);
        case 'map':
          return this.#map(shape, node, context);
        case 'anything':
          return undefined;
        default:
          return shape satisfies never;
      }
    } finally {
      this.#depth--;
    }
  }

  /** Aliases can make a file endless, so that to go on is no use. */
  #enter(place: Place): void {
    this.#depth++;
    if (++this.#nodes > MAX_NODES) this.report(place, `expected at most ${MAX_NODES} values in a file`);
    else if (this.#depth > MAX_DEPTH) this.report(place, `expected at most ${MAX_DEPTH} levels of nesting`);
    else return;
    throw new ConfigError(this.problems);
  }

  #scalar(shape: ScalarShape<unknown>, node: Node | null, { walk, place }: Context): unknown {
    const written = scalarText(node);
    if (written === undefined) {
      this.report(place, `expected ${shape.expected}, got ${describe(node)}`);
      return shape.placeholder;
    }
    try {
      return shape.parse(written, {
        resolve: (path) => resolve(walk.directory, path),
        mustExist: (path) => this.namedFiles.push({ path, place }),
      });
    } catch (error) {
      this.report(place, error instanceof Error ? error.message : String(error));
      return shape.placeholder;
    }
  }

  #list(shape: ListShape<unknown>, node: Node | null, { walk, place }: Context): readonly unknown[] {
    const values: unknown[] = [];
    const entries = new Map<string, Place>();
    if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) {
        const itemPlace = placeAt(walk, item as Node | null, { ...place, path: joinPath(place.path, index) });
        entries.set(String(index), itemPlace);
        // Prometheus takes an empty scalar for empty text, which does nothing where lists of scalars are used.
        const severity = shape.of.kind === 'scalar' ? 'warning' : 'error';
        if (isEmpty(item as Node | null, walk)) this.report(itemPlace, 'expected a value, got nothing', severity);
        else values.push(this.#value(shape.of, item as Node, { walk, place: itemPlace }));
      }
    } else if (node !== null) {
      this.report(place, `expected a list, got ${describe(node)}`);
    }
    this.#places.set(values, { ...place, entries, wrong: NONE });
    return values;
  }

  #record(shape: RecordShape<unknown>, node: Node | null, context: Context): object {
    const { walk, place } = context;
    const entries = new Map<string, Place>();
    const values = Object.create(null) as Record<string, unknown>;
    for (const { name, keyPlace, value } of this.#pairs(node, context)) {
      entries.set(name, keyPlace);
      const wrong = shape.badKey(name);
      if (wrong !== undefined) this.report(keyPlace, wrong);
      if (isEmpty(value, walk)) {
        if (shape.of.kind === 'scalar') values[name] = shape.of.placeholder;
        else this.report(keyPlace, 'expected a value, got nothing');
      } else {
        values[name] = this.#value(shape.of, value, { walk, place: placeAt(walk, value, keyPlace) });
      }
    }
    this.#places.set(values, { ...place, entries, wrong: NONE });
    return values;
  }

  #map(shape: MapShape<unknown>, node: Node | null, context: Context): object {
    const { walk, place } = context;
    const entries = new Map<string, Place>();
    const wrong = new Set<string>();
    const values: Record<string, unknown> = {};
    for (const { name, keyPlace, value } of this.#pairs(node, context)) {
      const row = Object.hasOwn(shape.keys, name) ? shape.keys[name] : undefined;
      if (row === undefined) {
        this.report(keyPlace, unknownKey(name, shape.keys));
        continue;
      }
      if (isEmpty(value, walk)) {
        // `rule_files:` with nothing after it counts as absent, as in Prometheus.
        if (row.presence === 'required') this.report(keyPlace, `expected ${expectation(row.shape)}, got nothing`);
        if (row.presence === 'required') entries.set(name, keyPlace);
        continue;
      }
      entries.set(name, keyPlace);
      if (row.notServed !== undefined && !row.harmless.includes(scalarText(value) ?? '\0')) {
        this.report(keyPlace, row.notServed, 'warning');
      }
      const before = this.problems.length;
      values[name] = this.#value(row.shape, value, { walk, place: placeAt(walk, value, keyPlace) });
      if (this.problems.slice(before).some(({ severity }) => severity === 'error')) wrong.add(name);
    }
    for (const [name, row] of Object.entries(shape.keys)) {
      if (name in values) continue;
      if (row.presence === 'required') {
        if (!entries.has(name)) {
          this.report(place, `the key ${JSON.stringify(name)} is missing; expected ${expectation(row.shape)}`);
        }
        wrong.add(name);
        values[name] = this.#absent(row.shape, { walk, place: { ...place, path: joinPath(place.path, name) } });
      } else if (row.presence === 'defaulted' && row.fallback === undefined) {
        values[name] = this.#absent(row.shape, { walk, place: { ...place, path: joinPath(place.path, name) } });
      } else {
        values[name] = row.fallback;
      }
    }
    this.#places.set(values, { ...place, entries, wrong });
    return values;
  }

  #absent(shape: Shape<unknown>, context: Context): unknown {
    return shape.kind === 'scalar' ? shape.placeholder : this.#value(shape, null, context);
  }

  /** The pairs of a map, merge keys (`<<`) resolved, duplicates reported. */
  #pairs(node: Node | null, context: Context): Iterable<{ name: string; keyPlace: Place; value: Node | null }> {
    const { walk, place } = context;
    if (node === null) return [];
    if (!isMap(node)) {
      this.report(place, `expected a map of keys and values, got ${describe(node)}`);
      return [];
    }
    const pairs = new Map<string, { name: string; keyPlace: Place; value: Node | null }>();
    const merged: YAMLMap[] = [];
    for (const pair of node.items) {
      const keyNode = this.#resolved(pair.key as Node | null, context);
      const name = scalarText(keyNode);
      const keyPlace = placeAt(walk, pair.key as Node | null, { ...place, path: joinPath(place.path, name ?? '?') });
      const value = (pair.value ?? null) as Node | null;
      if (name === undefined) {
        this.report(keyPlace, `expected a key, got ${describe(keyNode)}`);
      } else if (name === '<<' && isScalar(keyNode) && keyNode.type === 'PLAIN') {
        const from = this.#resolved(value, context);
        for (const source of isSeq(from) ? from.items : [from]) {
          const resolved = this.#resolved(source as Node | null, context);
          if (isMap(resolved)) merged.push(resolved);
          else this.report(keyPlace, `expected a map or a list of maps to merge, got ${describe(resolved)}`);
        }
      } else if (pairs.has(name)) {
        this.report(
          keyPlace,
          `the key ${JSON.stringify(name)} is given twice, first in line ${pairs.get(name)!.keyPlace.line}`,
        );
      } else {
        pairs.set(name, { name, keyPlace, value });
      }
    }
    for (const source of merged) {
      this.#enter(place);
      for (const pair of this.#pairs(source, context)) if (!pairs.has(pair.name)) pairs.set(pair.name, pair);
      this.#depth--;
    }
    return pairs.values();
  }

  #resolved(node: Node | null, { walk, place }: Context): Node | null {
    if (!isAlias(node)) return node ?? null;
    const target = (node as Alias).resolve(walk.document);
    if (target === undefined) this.report(place, `no anchor is named ${JSON.stringify((node as Alias).source)}`);
    return target ?? null;
  }
}

interface Walk {
  readonly file: string;
  readonly directory: string;
  readonly document: Document.Parsed;
  at(offset: number): { line: number; column: number };
}

interface Context {
  readonly walk: Walk;
  readonly place: Place;
}

function placeAt(walk: Walk, node: Node | null, place: Place): Place {
  const offset = node?.range?.[0];
  return offset === undefined ? place : { ...place, ...walk.at(offset) };
}

function isEmpty(node: Node | null, walk: Walk): boolean {
  // An alias of nothing is no empty value but a mistake, which is reported where it is read.
  const resolved = isAlias(node) ? (node.resolve(walk.document) ?? node) : node;
  return resolved === null || (isScalar(resolved) && resolved.value === null);
}

/** What is written, for plain scalars without interpretation: `1e3` stays `1e3`. */
function scalarText(node: Node | null): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  if (node.type === 'PLAIN' && node.source !== undefined) return node.source;
  return String(node.value);
}

/** Without the value: it could be a secret in the wrong place. */
function describe(node: Node | null): string {
  if (node === null || (isScalar(node) && node.value === null)) return 'nothing';
  if (isMap(node)) return 'a map';
  if (isSeq(node)) return 'a list';
  if (isScalar(node)) {
    if (typeof node.value === 'number' || typeof node.value === 'bigint') return 'a number';
    if (typeof node.value === 'boolean') return 'true or false';
  }
  return 'text';
}

function expectation(shape: Shape<unknown>): string {
  if (shape.kind === 'scalar') return shape.expected;
  return shape.kind === 'list' ? 'a list' : 'a map of keys and values';
}

function unknownKey(name: string, keys: Keys): string {
  const near = nearest(name, Object.keys(keys));
  const hint =
    near === undefined
      ? `; known keys: ${Object.keys(keys).sort().join(', ')}`
      : `; did you mean ${JSON.stringify(near)}?`;
  return `unknown key ${JSON.stringify(name)}${hint}`;
}

function joinPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  const written = /^[A-Za-z_][\w-]*$/.test(key) ? key : JSON.stringify(key);
  return path === '' ? written : `${path}.${written}`;
}
