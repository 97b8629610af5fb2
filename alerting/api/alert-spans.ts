import type { AlertStateEvent } from '../../storage/alert-log.ts';

/** What an entry of the alert log says of its alert's state. */
export type StateChange = Pick<AlertStateEvent, 'timestamp' | 'state' | 'activeAt' | 'firedAt' | 'value'> & {
  /** '' for none. */
  readonly severity: string;
};

/** A time in which an alert was in one state, at one severity. */
export interface AlertSpan {
  readonly state: 'pending' | 'firing';
  /** '' for none. */
  readonly severity: string;
  /** Milliseconds, as every time here. */
  readonly from: number;
  /** Undefined while it lasts. */
  readonly to: number | undefined;
  /** At its beginning; NaN when it is not known. */
  readonly value: number;
}

/** A range of time. Milliseconds. */
export interface SpanRange {
  readonly start: number;
  readonly end: number;
}

/** The states of one alert, from its changes. */
export class AlertTrack {
  readonly #spans: { -readonly [Field in keyof AlertSpan]: AlertSpan[Field] }[] = [];
  #isNew = true;

  /** Changes come in the order of time. What was before the first one is in its times. */
  add({ timestamp, state, severity, activeAt, firedAt, value }: StateChange): void {
    if (this.#isNew) {
      this.#isNew = false;
      const unknown = { severity, value: Number.NaN };
      if (activeAt > 0 && activeAt < timestamp) this.#turn('pending', { from: activeAt, ...unknown });
      if (firedAt > 0 && firedAt < timestamp) this.#turn('firing', { from: firedAt, ...unknown });
    }
    this.#turn(state, { from: timestamp, severity, value });
  }

  /** The states that it was in during the range, with their whole times; nothing is known of what is after its last change. */
  spans({ start, end }: SpanRange): readonly AlertSpan[] {
    return this.#spans.filter(({ from, to = Number.POSITIVE_INFINITY }) => from <= end && to > start && to > from);
  }

  #turn(state: StateChange['state'], begun: { from: number; severity: string; value: number }): void {
    const last = this.#spans.at(-1);
    if (last !== undefined && last.to === undefined) {
      if (last.state === state && last.severity === begun.severity) {
        if (Number.isNaN(last.value)) last.value = begun.value;
        return;
      }
      last.to = begun.from;
    }
    if (state !== 'inactive') {
      const { severity, from, value } = begun;
      this.#spans.push({ state, severity, from, to: undefined, value });
    }
  }
}

/**
 * Alerts that are shown as one: at each time the worst of them, so what fires before what is pending, and of these what has the lowest rank.
 *
 *     warn:     |----firing----|              |--firing warn--|
 *     serious:        |----firing----|   ->         |--firing serious--|
 */
export function worstSpans(
  alerts: readonly (readonly AlertSpan[])[],
  rankOf: (severity: string) => number,
): readonly AlertSpan[] {
  const [first = [], ...others] = alerts;
  if (others.length === 0) return first;
  const edges = new Set<number>();
  for (const { from, to } of alerts.flat()) edges.add(from).add(to ?? Number.POSITIVE_INFINITY);
  const times = [...edges].sort((a, b) => a - b);
  const next = alerts.map(() => 0);
  const worst: AlertSpan[] = [];
  for (const [i, from] of times.slice(0, -1).entries()) {
    const until = times[i + 1]!;
    let found: AlertSpan | undefined;
    for (const [one, spans] of alerts.entries()) {
      while (endOf(spans[next[one]!]) <= from) next[one]!++;
      const span = spans[next[one]!];
      if (span !== undefined && span.from <= from && isWorse(span, found, rankOf)) found = span;
    }
    if (found === undefined) continue;
    const to = until === Number.POSITIVE_INFINITY ? undefined : until;
    const last = worst.at(-1);
    const goesOn = last?.to === from && last.state === found.state && last.severity === found.severity;
    if (goesOn) worst[worst.length - 1] = { ...last, to };
    else worst.push({ ...found, from, to });
  }
  return worst;
}

/** How long spans fired in the range, in milliseconds. */
export function firingTime(spans: readonly AlertSpan[], { start, end }: SpanRange): number {
  let sum = 0;
  for (const { state, from, to = end } of spans) {
    if (state === 'firing') sum += Math.max(0, Math.min(to, end) - Math.max(from, start));
  }
  return sum;
}

/** Of no span: never, so that nobody looks for one after it. */
function endOf(span: AlertSpan | undefined): number {
  return span === undefined ? Number.POSITIVE_INFINITY : (span.to ?? Number.POSITIVE_INFINITY);
}

function isWorse(span: AlertSpan, other: AlertSpan | undefined, rankOf: (severity: string) => number): boolean {
  if (other === undefined) return true;
  if (span.state !== other.state) return span.state === 'firing';
  return rankOf(span.severity) < rankOf(other.severity);
}
