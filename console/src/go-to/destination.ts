/** What a place is about. */
export type Kind = 'section' | 'cluster' | 'namespace' | 'node' | 'workload' | 'pod' | 'alert' | 'policy';

/** A kind of what lists have; sections stand in none. */
export type ObjectKind = Exclude<Kind, 'section'>;

/** A place in the console that somebody can go to. */
export interface Destination {
  readonly kind: Kind;
  readonly name: string;
  /** Where it is, and what else tells it from others of its name. */
  readonly detail: string;
  /** Without what is kept from page to page, unless it has a query of its own. */
  readonly href: string;
  /** What it is also called; default: nothing. */
  readonly alias?: string;
}

/**
 * The destinations that a text means, those whose names are most like it first: every word of it is in the name or the detail, and one at least in
 * what the place is called. Others of the same likeness stay in their order.
 */
export function meant(destinations: readonly Destination[], text: string): readonly Destination[] {
  const words = wordsOf(text);
  return destinations
    .map((destination) => ({ destination, unlikeness: unlikeness(destination, words) }))
    .filter(({ unlikeness }) => Number.isFinite(unlikeness))
    .toSorted((a, b) => a.unlikeness - b.unlikeness)
    .map(({ destination }) => destination);
}

/** The words of a text, each of which has to be found. */
export function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** 0 for the name itself, more the less it begins with what is wanted; infinite for what is not meant. */
function unlikeness({ name, detail, alias = '' }: Destination, words: readonly string[]): number {
  const own = name.toLowerCase();
  const called = `${own}\n${alias.toLowerCase()}`;
  const all = `${called}\n${detail.toLowerCase()}`;
  if (!words.every((word) => all.includes(word))) return Number.POSITIVE_INFINITY;
  const whole = words.join(' ');
  if (own === whole) return 0;
  if (words.some((word) => own.startsWith(word))) return 1;
  const parts = called.split(/[^\p{L}\p{N}]+/u);
  if (words.some((word) => parts.some((part) => part.startsWith(word)))) return 2;
  return words.some((word) => called.includes(word)) ? 3 : Number.POSITIVE_INFINITY;
}
