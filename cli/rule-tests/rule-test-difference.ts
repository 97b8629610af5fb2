import { Labels } from '../../storage/labels.ts';

type Texts = Readonly<Record<string, string>>;

/** An alert that fires, or should. */
export interface ActualAlert {
  readonly labels: Texts;
  readonly annotations: Texts;
}

export interface SeriesSample {
  readonly labels: Labels;
  readonly value: number;
}

/**
 * How the alerts that fire differ from those that should: lines marked `-` for what is expected and missing, `+` for what is
 * there and not expected, `~` for an alert of which something differs. Undefined when they are the same; their order does
 * not count. With `whole` also what is equal is shown.
 */
export function alertDifference(
  expected: readonly ActualAlert[],
  got: readonly ActualAlert[],
  { whole }: { readonly whole: boolean },
): string[] | undefined {
  const { pairs, missing, surplus } = paired(expected, got, (alert) => textsKey(alert.labels));
  const differing = pairs.filter(([a, b]) => textsKey(a.annotations) !== textsKey(b.annotations));
  if (missing.length + surplus.length + differing.length === 0) return undefined;
  const lines = [`expected ${expected.length}, got ${got.length}`];
  // Where one is left on either side it is shown as one alert that came otherwise.
  while (missing.length > 0 && surplus.length > 0) {
    const wanted = missing.shift()!;
    const nearest = surplus.reduce((a, b) => (distance(wanted, b) < distance(wanted, a) ? b : a));
    surplus.splice(surplus.indexOf(nearest), 1);
    lines.push('~ an alert', ...textsDifference('label', wanted.labels, nearest.labels, true));
    lines.push(...textsDifference('annotation', wanted.annotations, nearest.annotations, whole));
  }
  for (const alert of missing) lines.push('- expected, does not fire:', ...alertLines('-', alert));
  for (const alert of surplus) lines.push('+ fires, not expected:', ...alertLines('+', alert));
  for (const [a, b] of pairs) {
    const isSame = !differing.some(([other]) => other === a);
    if (isSame && !whole) continue;
    lines.push(`${isSame ? ' ' : '~'} ${textsText(a.labels)}`);
    lines.push(...textsDifference('annotation', a.annotations, b.annotations, whole));
  }
  return lines;
}

/**
 * The same for samples. A NaN differs from every number and from another NaN, as it does for promtool. With `fuzzy` numbers that
 * are neighbours are equal.
 */
export function sampleDifference(
  expected: readonly SeriesSample[],
  got: readonly SeriesSample[],
  { fuzzy, whole }: { readonly fuzzy: boolean; readonly whole: boolean },
): string[] | undefined {
  const { pairs, missing, surplus } = paired(expected, got, ({ labels }) => labels.key);
  const same = (a: number, b: number): boolean => a === b || (fuzzy && areNeighbours(a, b));
  const differing = pairs.filter(([a, b]) => !same(a.value, b.value));
  if (missing.length + surplus.length + differing.length === 0) return undefined;
  const lines = [`expected ${expected.length}, got ${got.length}`];
  for (const { labels, value } of missing) lines.push(`- ${labels} ${value}`);
  for (const { labels, value } of surplus) lines.push(`+ ${labels} ${value}`);
  for (const [a, b] of pairs) {
    if (same(a.value, b.value)) {
      if (whole) lines.push(`  ${a.labels} ${a.value}`);
      continue;
    }
    lines.push(`- ${a.labels} ${a.value}`, `+ ${b.labels} ${b.value}`);
    if (Number.isNaN(a.value) && Number.isNaN(b.value)) {
      lines.push('  (NaN equals nothing here; test `expr != expr` for it, or with `bool`)');
    }
  }
  return lines;
}

/** Pairs of the same key, in the order of the keys, and what is left on either side. */
function paired<T>(
  expected: readonly T[],
  got: readonly T[],
  keyOf: (one: T) => string,
): { readonly pairs: [T, T][]; readonly missing: T[]; readonly surplus: T[] } {
  const surplus = new Map<string, T[]>();
  for (const one of got) surplus.set(keyOf(one), [...(surplus.get(keyOf(one)) ?? []), one]);
  const pairs: [T, T][] = [];
  const missing: T[] = [];
  for (const one of expected) {
    const other = surplus.get(keyOf(one))?.shift();
    if (other === undefined) missing.push(one);
    else pairs.push([one, other]);
  }
  return { pairs, missing, surplus: [...surplus.values()].flat() };
}

function textsKey(texts: Texts): string {
  return JSON.stringify(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** How many labels and annotations differ. */
function distance(a: ActualAlert, b: ActualAlert): number {
  const differing = (x: Texts, y: Texts): number => namesOf(x, y).filter((name) => x[name] !== y[name]).length;
  return differing(a.labels, b.labels) * 100 + differing(a.annotations, b.annotations);
}

function namesOf(a: Texts, b: Texts): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}

function textsText(texts: Texts): string {
  return Labels.from(texts).toString();
}

function alertLines(mark: '-' | '+', { labels, annotations }: ActualAlert): string[] {
  return [
    `${mark}   ${textsText(labels)}`,
    ...Object.entries(annotations).map(([name, text]) => `${mark}   annotation ${name}: ${JSON.stringify(text)}`),
  ];
}

function textsDifference(what: string, expected: Texts, got: Texts, whole: boolean): string[] {
  return namesOf(expected, got).flatMap((name) => {
    const [wanted, actual] = [expected[name], got[name]];
    const line = (mark: string, text: string): string => `${mark}   ${what} ${name}: ${JSON.stringify(text)}`;
    if (wanted === actual) return whole ? [line(' ', wanted!)] : [];
    return [...(wanted === undefined ? [] : [line('-', wanted)]), ...(actual === undefined ? [] : [line('+', actual)])];
  });
}

const view = new DataView(new ArrayBuffer(8));

/** Whether no double lies between two of the same sign. */
function areNeighbours(a: number, b: number): boolean {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  const ordered = (value: number): bigint => {
    view.setFloat64(0, value);
    const bits = view.getBigInt64(0);
    return bits < 0n ? -(bits & 0x7fff_ffff_ffff_ffffn) : bits;
  };
  const apart = ordered(a) - ordered(b);
  return apart >= -1n && apart <= 1n;
}
