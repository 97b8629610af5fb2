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
  readonly #warnings = new Map<string, Place>();
  readonly #infos = new Map<string, Place>();

  constructor(query: string) {
    this.#query = query;
  }

  /** `about` is the operand that was evaluated before the annotation came up, where that reaches further than its place. */
  warn(text: string, span: Span, about = span): void {
    add(this.#warnings, `PromQL warning: ${text}`, { span, end: Math.max(span.end, about.end) });
  }

  /** As `warn`. */
  info(text: string, span: Span, about = span): void {
    add(this.#infos, `PromQL info: ${text}`, { span, end: Math.max(span.end, about.end) });
  }

  get warnings(): readonly string[] {
    return this.#limited(this.#warnings, 'warning');
  }

  get infos(): readonly string[] {
    return this.#limited(this.#infos, 'info');
  }

  #limited(all: ReadonlyMap<string, Place>, kind: string): readonly string[] {
    const shown = [...all].slice(0, LIMIT).map(([text, { span }]) => `${text} (${position(this.#query, span.start)})`);
    return all.size > LIMIT ? [...shown, `${all.size - LIMIT} more ${kind} annotations omitted`] : shown;
  }
}

/** Where an annotation is shown, and where what it is about ends. */
interface Place {
  readonly span: Span;
  readonly end: number;
}

function add(to: Map<string, Place>, text: string, place: Place): void {
  const known = to.get(text);
  if (known === undefined || known.end <= place.end) to.set(text, place);
}
