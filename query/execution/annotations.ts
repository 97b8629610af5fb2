import type { Span } from '../promql/ast.ts';
import { position } from '../promql/position.ts';

/** How many annotations of one kind an answer carries; the rest is counted. */
const LIMIT = 10;

/**
 * Warnings and infos that come up while a query runs, each with its place in the query. One that comes up at several
 * places is told once, with the last place, as in Prometheus.
 */
export class Annotations {
  readonly #query: string;
  /** Text to position. */
  readonly #warnings = new Map<string, string>();
  readonly #infos = new Map<string, string>();

  constructor(query: string) {
    this.#query = query;
  }

  warn(text: string, span: Span): void {
    this.#warnings.set(`PromQL warning: ${text}`, position(this.#query, span.start));
  }

  info(text: string, span: Span): void {
    this.#infos.set(`PromQL info: ${text}`, position(this.#query, span.start));
  }

  get warnings(): readonly string[] {
    return limited(this.#warnings, 'warning');
  }

  get infos(): readonly string[] {
    return limited(this.#infos, 'info');
  }
}

function limited(all: ReadonlyMap<string, string>, kind: string): readonly string[] {
  const shown = [...all].slice(0, LIMIT).map(([text, at]) => `${text} (${at})`);
  return all.size > LIMIT ? [...shown, `${all.size - LIMIT} more ${kind} annotations omitted`] : shown;
}
