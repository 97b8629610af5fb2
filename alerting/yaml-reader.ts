import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from 'yaml';

/** A fault in a file, at the place where it stands. `line` and `column` count from 1; `field` is '' for the whole file. */
export interface FileProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The path of the field, such as `groups[0].rules[2].for`. */
  readonly field: string;
  /** What was given and what was wanted. */
  readonly message: string;
}

/** One line per problem: `rules.yml:12:9: groups[0].rules[1].for: expected a duration such as 5m, got "5"`. */
export function formatFileProblems(problems: readonly FileProblem[]): string {
  return problems
    .map(({ file, line, column, field, message }) => {
      return `${file}:${line}:${column}: ${field === '' ? '' : `${field}: `}${message}`;
    })
    .join('\n');
}

/** A YAML node with its path. Reading it reports what is wrong and goes on, so that all problems are found in one pass. */
export interface Place {
  readonly node: Node | null;
  readonly path: string;
  /** Where the node begins, or for a missing one where its parent does. */
  readonly offset: number;
}

const MAX_ALIASES = 1000;

/** Reads YAML strictly: unknown and repeated keys are problems, and each problem has a position. */
export class YamlReader {
  readonly problems: FileProblem[] = [];
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed | undefined;
  #aliases = 0;

  constructor(file: string, text: string) {
    this.#file = file;
    const documents = parseAllDocuments(text, { lineCounter: this.#lines, uniqueKeys: true, strict: true });
    if (!Array.isArray(documents)) return;
    const filled = documents.filter((document) => document.contents !== null || document.errors.length > 0);
    const errors = filled.flatMap((document) => document.errors);
    // What follows the first fault of syntax mostly follows from it.
    const fault = errors.find(({ code }) => code !== 'DUPLICATE_KEY');
    for (const { message, pos } of errors.filter((error) => error.code === 'DUPLICATE_KEY' || error === fault)) {
      this.report(
        { node: null, path: '', offset: pos[0] },
        message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, ''),
      );
    }
    if (filled.length > 1) {
      const offset = filled[1]!.range[0];
      this.report({ node: null, path: '', offset }, `expected one YAML document, got ${filled.length}`);
    }
    this.#document = filled[0] as Document.Parsed | undefined;
  }

  /** Undefined for an empty file, and for one that is no YAML. */
  get root(): Place | undefined {
    const node = this.#document?.contents ?? null;
    if (node === null || this.problems.length > 0) return undefined;
    return { node: this.#resolve(node, { node: null, path: '', offset: 0 }), path: '', offset: node.range?.[0] ?? 0 };
  }

  report(place: Place, message: string): void {
    const { line, col } = this.#lines.linePos(place.offset);
    this.problems.push({ file: this.#file, line: line || 1, column: col || 1, field: place.path, message });
  }

  /** The line on which the node begins, counted from 1. */
  lineOf(place: Place): number {
    return this.#lines.linePos(place.offset).line || 1;
  }

  /**
   * The values of a mapping by key, those that a key `<<` merges into it included. Keys that are not `known`, when it is given, are
   * problems.
   */
  map(place: Place, known?: readonly string[]): Map<string, Place> {
    const found = new Map<string, Place>();
    if (place.node === null) return found;
    if (!isMap(place.node)) {
      this.report(place, `expected a mapping, got ${this.#describe(place)}`);
      return found;
    }
    const merged: Place[] = [];
    for (const pair of place.node.items) {
      if (!isPair(pair) || !isScalar(pair.key)) {
        this.report(place, 'expected keys that are plain text');
        continue;
      }
      const key = String(pair.key.source ?? pair.key.value);
      const offset = pair.key.range?.[0] ?? place.offset;
      const path = place.path === '' ? key : `${place.path}.${key}`;
      const isMerge = key === '<<' && pair.key.type === 'PLAIN';
      if (known !== undefined && !known.includes(key) && !isMerge) {
        this.report({ node: null, path, offset }, `unknown key; expected one of ${known.join(', ')}`);
        continue;
      }
      const value = pair.value as Node | null;
      const node = this.#resolve(value, { node: null, path, offset });
      const empty = value === null || (isScalar(value) && value.source === '');
      const read: Place = { node, path, offset: empty ? offset : (value.range?.[0] ?? offset) };
      if (!isMerge) found.set(key, read);
      else if (isSeq(node)) merged.push(...this.list(read));
      else merged.push(read);
    }
    // What the mapping has itself counts, then what is merged first.
    for (const other of merged) {
      for (const [key, value] of this.map({ ...other, path: place.path }, known)) {
        if (!found.has(key)) found.set(key, value);
      }
    }
    return found;
  }

  list(place: Place | undefined): Place[] {
    if (place === undefined || place.node === null) return [];
    if (!isSeq(place.node)) {
      this.report(place, `expected a list, got ${this.#describe(place)}`);
      return [];
    }
    return place.node.items.map((item, i) => {
      const path = `${place.path}[${i}]`;
      const offset = (item as Node | null)?.range?.[0] ?? place.offset;
      return { node: this.#resolve(item as Node | null, { node: null, path, offset }), path, offset };
    });
  }

  /** Any scalar as its text, as Prometheus takes them (`severity: 1`); '' for a null; undefined after a problem. */
  text(place: Place | undefined): string | undefined {
    if (place === undefined || place.node === null) return '';
    if (!isScalar(place.node)) {
      this.report(place, `expected text, got ${this.#describe(place)}`);
      return undefined;
    }
    const { value, source } = place.node;
    return typeof value === 'string' ? value : value === null ? '' : String(source ?? value);
  }

  #resolve(node: Node | null, place: Place): Node | null {
    let resolved: Node | null | undefined = node;
    while (isAlias(resolved)) {
      if (++this.#aliases > MAX_ALIASES) {
        this.report(place, `expected at most ${MAX_ALIASES} aliases`);
        return null;
      }
      resolved = resolved.resolve(this.#document!) as Node | undefined;
    }
    if (isScalar(resolved) && resolved.value === null) return null;
    return resolved ?? null;
  }

  #describe(place: Place): string {
    if (isMap(place.node)) return 'a mapping';
    if (isSeq(place.node)) return 'a list';
    return JSON.stringify(isScalar(place.node) ? (place.node.source ?? place.node.value) : null);
  }
}
