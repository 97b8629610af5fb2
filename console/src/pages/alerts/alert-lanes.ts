import { type AlertLabels, type CurrentAlert, parseValue } from './current-alerts.ts';
import { groupBy } from './group-by.ts';

/** A change of an alert's state, as the history tells it. Times are RFC 3339. */
export interface AlertEvent {
  readonly time: string;
  readonly fingerprint: string;
  readonly rule: { readonly id: string; readonly file: string; readonly group: string; readonly name: string };
  readonly state: 'pending' | 'firing' | 'inactive';
  readonly value: string;
  readonly labels: AlertLabels;
  readonly annotations: AlertLabels;
  readonly activeAt: string | null;
  readonly firedAt: string | null;
  readonly resolvedAt: string | null;
}

/** A time in which an alert was in one state. Unix milliseconds. */
export interface LaneSpan {
  readonly from: number;
  readonly to: number;
  readonly state: 'pending' | 'firing';
  readonly severity: string | undefined;
  /** At its beginning; NaN when it is not known. */
  readonly value: number;
  /** It has not ended yet. */
  readonly isOpen: boolean;
}

/** An alert over time; its severities are one lane. */
export interface AlertLane {
  readonly key: string;
  readonly fingerprint: string;
  readonly labels: AlertLabels;
  readonly spans: readonly LaneSpan[];
}

/**
 * The alerts of a time range in milliseconds with the spans of their states, those that fired longest first. `current` are those that
 * may have begun before the range and not changed in it.
 */
export function alertLanes(
  events: readonly AlertEvent[],
  current: readonly CurrentAlert[],
  range: { readonly start: number; readonly end: number },
): readonly AlertLane[] {
  const lanes = new Map<string, AlertLane>();
  const ordered = events.toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time));
  for (const [key, own] of groupBy(ordered, ({ labels }) => laneKey(labels))) {
    const newest = own.at(-1)!;
    lanes.set(key, { key, fingerprint: newest.fingerprint, labels: newest.labels, spans: spansOf(own, range) });
  }
  for (const { labels, fingerprint, activeAt, state, value } of current) {
    const key = laneKey(labels);
    if (lanes.has(key) || activeAt > range.end) continue;
    const span = { from: activeAt, to: range.end, state, severity: labels.severity, value, isOpen: true };
    lanes.set(key, { key, fingerprint, labels, spans: clipped([span], range) });
  }
  const shown = [...lanes.values()].filter(({ spans }) => spans.length > 0);
  return shown.sort((a, b) => firing(b) - firing(a) || (a.key < b.key ? -1 : 1));
}

function spansOf(events: readonly AlertEvent[], range: { readonly start: number; readonly end: number }): LaneSpan[] {
  const spans: LaneSpan[] = [];
  const [first] = events;
  // What was before the first change that is known of is in its times.
  const at = Date.parse(first!.time);
  const [activeAt, firedAt] = [timeOf(first!.activeAt), timeOf(first!.firedAt)];
  const before = { severity: first!.labels.severity, value: Number.NaN, isOpen: false };
  if (first!.state !== 'pending' && activeAt !== undefined && activeAt < (firedAt ?? at)) {
    spans.push({ ...before, from: activeAt, to: firedAt ?? at, state: 'pending' });
  }
  if (firedAt !== undefined && firedAt < at) spans.push({ ...before, from: firedAt, to: at, state: 'firing' });
  for (const [i, { time, state, labels, value }] of events.entries()) {
    if (state === 'inactive') continue;
    const next = events[i + 1];
    const to = next === undefined ? range.end : Date.parse(next.time);
    const isOpen = next === undefined;
    spans.push({ from: Date.parse(time), to, state, severity: labels.severity, value: parseValue(value), isOpen });
  }
  return clipped(spans, range);
}

function clipped(spans: readonly LaneSpan[], { start, end }: { readonly start: number; readonly end: number }) {
  return spans
    .filter(({ from, to }) => to >= start && from <= end && to >= from)
    .map((span) => ({ ...span, from: Math.max(span.from, start), to: Math.min(span.to, end) }));
}

function laneKey(labels: AlertLabels): string {
  const names = Object.keys(labels).filter((name) => name !== 'severity');
  return JSON.stringify(names.sort().map((name) => [name, labels[name]]));
}

function firing({ spans }: AlertLane): number {
  return spans.reduce((sum, { state, from, to }) => sum + (state === 'firing' ? to - from : 0), 0);
}

function timeOf(text: string | null): number | undefined {
  return text === null ? undefined : Date.parse(text);
}
