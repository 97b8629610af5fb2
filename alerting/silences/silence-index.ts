import type { Labels } from '../../storage/labels.ts';
import type { Matcher } from '../../storage/matcher.ts';
import type { Silence } from './silence.ts';

/**
 * Which silences match an alert's labels. A silence that asks for an exact value of some label is only looked at for alerts with that
 * value; the others are looked at for every alert. What was found for an alert is remembered, without regard to the time, and a change
 * of the set costs a remembered alert only a look at the silences that changed since.
 */
export class SilenceIndex {
  readonly #maxRemembered: number;
  readonly #silences = new Map<string, Silence>();
  /** By name and value of a label: silences that match no alert without it. */
  readonly #byLabel = new Map<string, Map<string, Set<Silence>>>();
  /** Silences of which no matcher asks for exact values. */
  readonly #others = new Set<Silence>();
  /** Where each silence stands in `#byLabel`; undefined: in `#others`. */
  readonly #placeOf = new Map<Silence, Place | undefined>();
  /** By the labels' key; what was found longest ago first. */
  readonly #remembered = new Map<string, Remembered>();
  /** Silences in the order in which they came, since `#firstChange` changes ago. */
  #changes: Silence[] = [];
  #firstChange = 0;

  /** Of at most so many alerts is remembered which silences match. */
  constructor(maxRemembered: number) {
    this.#maxRemembered = maxRemembered;
  }

  /** Adds a silence, or replaces the one of its id. */
  set(silence: Silence): void {
    this.delete(silence.id);
    this.#silences.set(silence.id, silence);
    const place = this.#choosePlace(silence);
    this.#placeOf.set(silence, place);
    if (place === undefined) this.#others.add(silence);
    else for (const value of place.values) this.#bucket(place.name, value).add(silence);
    this.#changes.push(silence);
    if (this.#changes.length > MAX_CHANGES) {
      this.#firstChange += this.#changes.length - MAX_CHANGES / 2;
      this.#changes = this.#changes.slice(-MAX_CHANGES / 2);
    }
  }

  delete(id: string): void {
    const silence = this.#silences.get(id);
    if (silence === undefined) return;
    this.#silences.delete(id);
    const place = this.#placeOf.get(silence);
    this.#placeOf.delete(silence);
    this.#others.delete(silence);
    for (const value of place?.values ?? []) {
      const values = this.#byLabel.get(place!.name)!;
      const bucket = values.get(value)!;
      bucket.delete(silence);
      if (bucket.size === 0) values.delete(value);
      if (values.size === 0) this.#byLabel.delete(place!.name);
    }
  }

  /** The silences whose matchers all match, whatever the time; in no order. */
  matching(labels: Labels): readonly Silence[] {
    const changes = this.#firstChange + this.#changes.length;
    const before = this.#remembered.get(labels.key);
    if (before === undefined || before.changes < this.#firstChange) {
      const found = this.#find(labels);
      this.#remember(labels.key, { changes, silences: found });
      return found;
    }
    if (before.changes === changes && before.silences.every((silence) => this.#isCurrent(silence))) {
      return before.silences;
    }
    const added = this.#changes.slice(before.changes - this.#firstChange);
    const silences = [...before.silences, ...added.filter((silence) => matches(silence, labels))];
    const current = [...new Set(silences)].filter((silence) => this.#isCurrent(silence));
    this.#remember(labels.key, { changes, silences: current });
    return current;
  }

  #isCurrent(silence: Silence): boolean {
    return this.#silences.get(silence.id) === silence;
  }

  #remember(key: string, found: Remembered): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, found);
    if (this.#remembered.size <= this.#maxRemembered) return;
    this.#remembered.delete(this.#remembered.keys().next().value!);
  }

  #find(labels: Labels): Silence[] {
    const found: Silence[] = [];
    for (const [name, value] of labels) {
      const bucket = this.#byLabel.get(name)?.get(value);
      if (bucket !== undefined) for (const silence of bucket) if (matches(silence, labels)) found.push(silence);
    }
    for (const silence of this.#others) if (matches(silence, labels)) found.push(silence);
    return found;
  }

  #bucket(name: string, value: string): Set<Silence> {
    let values = this.#byLabel.get(name);
    if (values === undefined) this.#byLabel.set(name, (values = new Map()));
    let bucket = values.get(value);
    if (bucket === undefined) values.set(value, (bucket = new Set()));
    return bucket;
  }

  /** The matcher that the fewest other silences share. */
  #choosePlace({ matchers }: Silence): Place | undefined {
    let best: Place | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const matcher of matchers) {
      const place = exactValues(matcher);
      if (place === undefined) continue;
      const values = this.#byLabel.get(place.name);
      const shared = place.values.reduce((sum, value) => sum + (values?.get(value)?.size ?? 0) + 1, 0);
      if (shared >= fewest) continue;
      best = place;
      fewest = shared;
    }
    return best;
  }
}

interface Place {
  readonly name: string;
  readonly values: readonly string[];
}

interface Remembered {
  /** How many changes of the set it has seen. */
  readonly changes: number;
  readonly silences: readonly Silence[];
}

/** An alert that has missed more changes is looked up anew. */
const MAX_CHANGES = 4096;

/** The only values of a label that a matcher accepts, unless the label may be missing. */
function exactValues({ name, op, literals }: Matcher): Place | undefined {
  if (literals === undefined || literals.has('') || (op !== '=' && op !== '=~')) return undefined;
  return { name, values: [...literals] };
}

function matches({ matchers }: Silence, labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matches(labels.get(matcher.name)));
}
