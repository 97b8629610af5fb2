import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml';

/** Something in a YAML file that cannot be used: `file:line: what was expected`. Never quotes a secret. */
export class YamlError extends Error {
  constructor(file: string, line: number, message: string) {
    super(`${file}:${line}: ${message}`);
    this.name = 'YamlError';
  }
}

interface Source {
  readonly file: string;
  readonly lines: LineCounter;
  resolve(node: Node | null | undefined): Node | undefined;
}

/** A value of a YAML document that knows its line, so that what is wrong with it can be told with its place. */
export class YamlPlace {
  readonly #source: Source;
  readonly #node: Node | undefined;
  readonly #line: number;
  /** What it is called in messages: `users[0].user.exec`. */
  readonly path: string;

  private constructor(source: Source, node: Node | undefined, line: number, path: string) {
    this.#source = source;
    this.#node = node;
    this.#line = line;
    this.path = path;
  }

  /** The whole of a document. Throws a YamlError for what is no YAML. */
  static parse(text: string, file: string): YamlPlace {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const [error] = document.errors;
    // The parser's message may quote the text.
    if (error !== undefined)
      throw new YamlError(file, lines.linePos(error.pos[0]).line, `expected YAML, got ${error.code}`);
    const source: Source = {
      file,
      lines,
      resolve: (node) => (isAlias(node) ? (node.resolve(document) as Node | undefined) : (node ?? undefined)),
    };
    return new YamlPlace(source, source.resolve(document.contents as ParsedNode | null), 1, '');
  }

  get file(): string {
    return this.#source.file;
  }

  /** `file:line`. */
  get place(): string {
    return `${this.#source.file}:${this.#line}`;
  }

  /** Neither given nor null. */
  get isMissing(): boolean {
    return this.#node === undefined || (isScalar(this.#node) && this.#node.value === null);
  }

  /** The value of a mapping's key; a missing one has the mapping's own line. */
  at(key: string): YamlPlace {
    const path = this.path === '' ? key : `${this.path}.${key}`;
    if (this.isMissing) return new YamlPlace(this.#source, undefined, this.#line, path);
    if (!isMap(this.#node)) throw this.error('expected a mapping');
    for (const { key: name, value } of this.#node.items) {
      if (isScalar(name) && String(name.value) === key) return this.#below(name, value as Node | null, path);
    }
    return new YamlPlace(this.#source, undefined, this.#line, path);
  }

  /** The elements of a list; none when it is missing. */
  elements(): readonly YamlPlace[] {
    if (this.isMissing) return [];
    if (!isSeq(this.#node)) throw this.error('expected a list');
    return this.#node.items.map((item, i) => this.#below(item as Node, item as Node, `${this.path}[${i}]`));
  }

  /** A string; undefined when it is missing or empty. Numbers and the like count as they are written. */
  text(): string | undefined {
    if (this.isMissing) return undefined;
    const node = this.#node;
    if (!isScalar(node)) throw this.error('expected a string');
    const text = typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
    return text === '' ? undefined : text;
  }

  /** A string that must be there. */
  required(what: string): string {
    const text = this.text();
    if (text === undefined) throw this.error(`expected ${what}`);
    return text;
  }

  boolean(): boolean {
    if (this.isMissing) return false;
    if (!isScalar(this.#node) || typeof this.#node.value !== 'boolean') throw this.error('expected true or false');
    return this.#node.value;
  }

  /** The error that says what is wrong here. */
  error(message: string): YamlError {
    return new YamlError(this.#source.file, this.#line, `${this.path === '' ? 'the file' : this.path}: ${message}`);
  }

  #below(positioned: Node, value: Node | null, path: string): YamlPlace {
    const offset = positioned.range?.[0];
    const line = offset === undefined ? this.#line : this.#source.lines.linePos(offset).line;
    return new YamlPlace(this.#source, this.#source.resolve(value), line, path);
  }
}
