import { traitsOf } from './cache/cacheable.ts';
import type { PlanNode } from './plan/nodes.ts';

/** The plan of an expression that was asked for once, more than once, or depends on the time of the query. */
type Entry = 'once' | 'varies' | { readonly plan: PlanNode };

/**
 * The plans of instant queries that are asked again and again, at other times: rules, above all. Most plans do not depend on the
 * time of the query; those in which it occurs (`@ end()`) are made anew each time.
 */
export class PlanCache {
  readonly #size: number;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();

  /** For so many expressions. */
  constructor(size: number) {
    this.#size = size;
  }

  /** The plan for `time`, which `make` makes when it is not known. The key names all else that the plan depends on. */
  get(key: string, time: number, make: (time: number) => PlanNode): PlanNode {
    const known = this.#entries.get(key);
    if (known !== undefined) this.#entries.delete(key);
    if (typeof known === 'object') {
      this.#entries.set(key, known);
      return known.plan;
    }
    const plan = make(time);
    // Only the second time: what is asked once should not pay for it.
    if (known === 'once') {
      const isSame = traitsOf(plan).key === traitsOf(make(time + ANOTHER_TIME)).key;
      this.#entries.set(key, isSame ? { plan } : 'varies');
    } else this.#entries.set(key, known ?? 'once');
    if (this.#entries.size > this.#size) this.#entries.delete(this.#entries.keys().next().value!);
    return plan;
  }
}

/** Not a whole number of anything that a plan might round to. */
const ANOTHER_TIME = 86_399_983;
