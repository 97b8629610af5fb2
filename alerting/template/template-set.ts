/**
 * Templates that call each other: files of definitions, and texts that are expanded with these. For notifications, where rules have
 * `Template`: nothing is asked on the way, and the output may be HTML.
 */
import { type EvaluationLimits, evaluate } from './evaluator.ts';
import { formatValue } from './format.ts';
import { GO_FUNCTIONS, type TemplateFunction } from './go-functions.ts';
import { GoHtml } from './go-html.ts';
import { HtmlEscaper } from './html-escaper.ts';
import { type Definition, type ParsedTemplate, parse } from './parser.ts';
import { TemplateError } from './template-error.ts';
import type { Value } from './value.ts';

export interface TemplateFile {
  readonly file: string;
  readonly text: string;
  /** Whether an empty definition of another file replaces one of this file too, which says more than one thinks of. */
  readonly isBuiltin?: boolean;
}

/** A file that is no template. */
export interface TemplateFileProblem {
  readonly file: string;
  readonly error: TemplateError;
}

const LIMITS: EvaluationLimits = { output: 2 * 1024 * 1024, steps: 2_000_000, depth: 100 };
/** Texts of which the parsed form is kept. */
const MAX_PARSED = 1_000;

/** Immutable, but for what it remembers. */
export class TemplateSet {
  readonly #functions: ReadonlyMap<string, TemplateFunction>;
  readonly #names: ReadonlySet<string>;
  readonly #definitions = new Map<string, Definition>();
  readonly #builtin = new Set<Definition>();
  readonly #parsed = new Map<string, ParsedTemplate>();
  /** Files that could not be read; what they define is missing. */
  readonly problems: readonly TemplateFileProblem[];

  /**
   * `functions` are those besides Go's own. A later file's definition takes the place of an earlier one of the same name, unless it is
   * empty, and a whole file can be called by its name without folders: both as in Go.
   */
  constructor(files: readonly TemplateFile[], functions: ReadonlyMap<string, TemplateFunction>) {
    this.#functions = new Map([
      ...GO_FUNCTIONS,
      // What it gives is escaped, so HTML.
      ['html', (args) => new GoHtml(formatValue(GO_FUNCTIONS.get('html')!(args)))],
      ...functions,
    ]);
    this.#names = new Set(this.#functions.keys());
    const problems: TemplateFileProblem[] = [];
    for (const { file, text, isBuiltin } of files) {
      try {
        const parsed = parse(text, { functions: this.#names, variables: [], file });
        for (const [name, definition] of parsed.definitions) {
          this.#define(name, definition);
          if (isBuiltin === true) this.#builtin.add(definition);
        }
        this.#define(file.slice(file.lastIndexOf('/') + 1), parsed);
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        problems.push({ file, error });
      }
    }
    this.problems = problems;
  }

  /** Throws a TemplateError when the text is no template. Whether what it calls is defined shows only when it is expanded. */
  check(text: string): void {
    this.#parse(text);
  }

  /** Throws a TemplateError. */
  text(text: string, data: Value): string {
    return this.#expand(text, data, false);
  }

  /** With values escaped by where they stand in HTML. Throws a TemplateError. */
  html(text: string, data: Value): string {
    return this.#expand(text, data, true);
  }

  #define(name: string, definition: Definition): void {
    const before = this.#definitions.get(name);
    if (before !== undefined && isEmpty(definition) && !this.#builtin.has(before)) return;
    this.#definitions.set(name, definition);
  }

  #expand(text: string, data: Value, isHtml: boolean): string {
    if (!text.includes('{{')) return text;
    return evaluate(this.#parse(text), {
      data,
      variables: new Map(),
      functions: this.#functions,
      definitions: this.#definitions,
      limits: LIMITS,
      ...(isHtml && { escaper: new HtmlEscaper() }),
    });
  }

  #parse(text: string): ParsedTemplate {
    const known = this.#parsed.get(text);
    if (known !== undefined) return known;
    const parsed = parse(text, { functions: this.#names, variables: [] });
    if (this.#parsed.size >= MAX_PARSED) this.#parsed.clear();
    this.#parsed.set(text, parsed);
    return parsed;
  }
}

function isEmpty({ body }: Definition): boolean {
  return body.every((node) => node.kind === 'text' && node.text.trim() === '');
}
