import type { Span } from '../promql/ast.ts';
import { position } from '../promql/position.ts';

/** How many annotations of one kind an answer carries; the rest is counted. */
const LIMIT = 10;

/**
 * Warnings and infos that come up while a query runs, each with its place in the query. One that comes up at several
 * places is told once, with the place that Prometheus comes to last, which evaluates operands in order and before what
 * they are operands of: the place that ends last. Here operands run at the same time, in any order.
 */
export class Annotations {
  readonly #query: string;
  /** Text to place. */
  readonly #warnings = new Map<string, Span>();
  readonly #infos = new Map<string, Span>();

  constructor(query: string) {
    this.#query = query;
  }

  warn(text: string, span: Span): void {
    add(this.#warnings, `PromQL warning: ${text}`, span);
  }

  info(text: string, span: Span): void {
    add(this.#infos, `PromQL info: ${text}`, span);
  }

  get warnings(): readonly string[] {
    return this.#limited(this.#warnings, 'warning');
  }

  get infos(): readonly string[] {
    return this.#limited(this.#infos, 'info');
  }

  #limited(all: ReadonlyMap<string, Span>, kind: string): readonly string[] {
    const shown = [...all].slice(0, LIMIT).map(([text, { start }]) => `${text} (${position(this.#query, start)})`);
    return all.size > LIMIT ? [...shown, `${all.size - LIMIT} more ${kind} annotations omitted`] : shown;
  }
}

function add(to: Map<string, Span>, text: string, span: Span): void {
  const known = to.get(text);
  if (known === undefined || known.end <= span.end) to.set(text, span);
}
