import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseAllDocuments,
} from 'yaml';
import { type FieldProblem, fieldOf, type WrittenPath } from './written-form.ts';
import type { FileProblem } from './yaml-reader.ts';

/** One document of a file. */
export interface YamlDocument {
  readonly node: Document.Parsed<ParsedNode>;
  /** As JSON would give it; null for an empty one. */
  readonly value: unknown;
}

const MAX_CHARACTERS = 16 * 1024 * 1024;
const MAX_ALIASES = 1_000;

/**
 * The YAML documents of a file, for what is read as plain values and then complained about by path: it knows where each path is
 * written.
 */
export class YamlDocuments {
  /** Empty when the file is no YAML. */
  readonly documents: readonly YamlDocument[];
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #problems: FileProblem[] = [];

  /** `file` is only a name. */
  constructor(file: string, text: string) {
    this.#file = file;
    this.documents = this.#parse(text).flatMap((node) => this.#plain(node));
  }

  /** What was reported, in the order of the file. */
  get problems(): readonly FileProblem[] {
    return this.#problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }

  /** Says what is wrong with a value of a document. */
  report({ node }: YamlDocument, { path, message }: FieldProblem): void {
    this.#report(offsetOf(node, path), fieldOf(path), message);
  }

  /** `file:line` where a key is written; of one that is not written where the nearest one around it is. */
  sourceOf({ node }: YamlDocument, path: WrittenPath): string {
    return `${this.#file}:${this.#lines.linePos(offsetOf(node, path)).line || 1}`;
  }

  #parse(text: string): readonly Document.Parsed<ParsedNode>[] {
    if (text.length > MAX_CHARACTERS) {
      this.#report(0, '', `expected a file of at most ${MAX_CHARACTERS} characters, got ${text.length}`);
      return [];
    }
    const documents = parseAllDocuments(text, { lineCounter: this.#lines, prettyErrors: false, merge: true });
    if (!Array.isArray(documents)) return [];
    for (const { errors } of documents) {
      // What follows the first fault of syntax mostly follows from it.
      const [error] = errors;
      if (error === undefined) continue;
      this.#report(error.pos[0], '', `invalid YAML: ${error.message.split('\n')[0]}`);
      return [];
    }
    return documents;
  }

  #plain(node: Document.Parsed<ParsedNode>): YamlDocument[] {
    try {
      return [{ node, value: (node.toJS({ maxAliasCount: MAX_ALIASES }) as unknown) ?? null }];
    } catch (error) {
      // Of aliases: too many, or of what is not there.
      this.#report(node.range[0], '', `invalid YAML: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  }

  #report(offset: number, field: string, message: string): void {
    const { line, col } = this.#lines.linePos(offset);
    this.#problems.push({ file: this.#file, line: line || 1, column: col || 1, field, message });
  }
}

/** Where a key is written; of one that is not written where the nearest one around it is. */
function offsetOf(document: Document.Parsed<ParsedNode>, path: WrittenPath): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? document.range[0];
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && String(key.value) === part) : undefined;
    const item = isSeq(node) && typeof part === 'number' ? node.items[part] : undefined;
    const written: unknown = pair?.key ?? item;
    if (!isNode(written)) break;
    offset = written.range?.[0] ?? offset;
    node = pair === undefined ? item : pair.value;
  }
  return offset;
}
