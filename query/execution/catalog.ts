import type { Matcher } from '../../storage/matcher.ts';
import type { Querier, Selection } from '../../storage/querier.ts';
import type { SeriesSet } from '../../storage/series.ts';

/**
 * The series that a query has asked for. All slices of a range read parts of one set, so that its series are looked up
 * once, when the first part is asked for or, over the whole range, before that.
 */
export class Catalog {
  readonly #querier: Querier;
  readonly #signal: AbortSignal;
  #reading = 0;
  readonly #found = new Map<
    string,
    { readonly start: number; readonly end: number; readonly set: Promise<SeriesSet> }
  >();

  constructor(querier: Querier, signal: AbortSignal) {
    this.#querier = querier;
    this.#signal = signal;
  }

  /** True when something may still be open in the store: a set that is not just memory. */
  get isReading(): boolean {
    return this.#reading > 0;
  }

  /** A set whose range covers that of the selection. */
  find(selection: Selection): Promise<SeriesSet> {
    const { matchers, start, end } = selection;
    const key = keyOf(matchers);
    const known = this.#found.get(key);
    if (known !== undefined && known.start <= start && known.end >= end) return known.set;
    const set = this.#querier.select(selection, this.#signal);
    this.#reading++;
    // Whoever waits for it hears of its failure; nobody may be waiting yet.
    set.then(
      ({ locate }) => {
        if (locate !== undefined) this.#reading--;
      },
      () => {},
    );
    this.#found.set(key, { start, end, set });
    return set;
  }
}

/** The keys of matchers that a plan keeps, by their list. */
const keys = new WeakMap<readonly Matcher[], string>();

/** Equal for the same matchers in any order. The list must not be changed afterwards. */
export function keyOf(matchers: readonly Matcher[]): string {
  let key = keys.get(matchers);
  if (key === undefined) keys.set(matchers, (key = JSON.stringify(matchers.map(String).sort())));
  return key;
}
