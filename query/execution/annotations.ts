import type { Span } from '../promql/ast.ts';

/** How many annotations of one kind an answer carries; the rest is counted. */
const LIMIT = 10;

/** Warnings and infos that come up while a query runs, without duplicates, each with its place in the query. */
export class Annotations {
  readonly #query: string;
  readonly #warnings = new Set<string>();
  readonly #infos = new Set<string>();

  constructor(query: string) {
    this.#query = query;
  }

  warn(text: string, span: Span): void {
    this.#warnings.add(`PromQL warning: ${text} (${this.#position(span)})`);
  }

  info(text: string, span: Span): void {
    this.#infos.add(`PromQL info: ${text} (${this.#position(span)})`);
  }

  get warnings(): readonly string[] {
    return limited(this.#warnings, 'warning');
  }

  get infos(): readonly string[] {
    return limited(this.#infos, 'info');
  }

  /** line:column, both from 1. */
  #position(span: Span): string {
    const before = this.#query.slice(0, span.start);
    const line = before.split('\n').length;
    return `${line}:${before.length - before.lastIndexOf('\n')}`;
  }
}

function limited(all: ReadonlySet<string>, kind: string): readonly string[] {
  const shown = [...all].slice(0, LIMIT);
  return all.size > LIMIT ? [...shown, `${all.size - LIMIT} more ${kind} annotations omitted`] : shown;
}
