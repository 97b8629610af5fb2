// The log says when states change. How alerts were in a range of time is thus told by the changes in it and, of each alert, by the last
// one before it: what has fired since before the range and did not change in it fired throughout.
import type { AlertIdentity, AlertLog, AlertStateEvent, AlertStateFilter } from '../../storage/alert-log.ts';
import { StorageError } from '../../storage/errors.ts';
import { Labels } from '../../storage/labels.ts';
import { TRANSITIONS } from '../alert-history.ts';
import { type AlertSpan, AlertTrack, firingTime, type SpanRange, worstSpans } from './alert-spans.ts';
import type { CurrentAlert } from './current-alerts.ts';
import { LOGGED_SEVERITY, loggedSeverity, shownLabels } from './logged-alert.ts';

/** What the labels of an alert say of it. */
export interface AlertTraits {
  /** serious, warn, remind or other: what its severity, or another's name for it, amounts to. */
  readonly level: string;
  /** 0 for serious, 3 for other. */
  readonly rank: number;
  /** The smallest object that they name: `pod` and `shop/web-1`. */
  readonly objectKind: string;
  readonly object: string;
}

export interface TimelineDeps {
  readonly alertLog: Pick<AlertLog, 'newestFrom' | 'states' | 'standing'>;
  readonly externalLabels: Labels;
  /** Alerts that are pending or fire now, with the labels that receivers see. */
  readonly current: () => readonly CurrentAlert[];
  readonly traits: (labels: Readonly<Record<string, string>>) => AlertTraits;
  /** Changes of a range that are read at most, the newest. Default: 100,000, which take some 80 MB while they are looked at. */
  readonly maxChanges?: number;
}

/** An alert over a range of time. Its severities are one alert, whether of a policy or of rules that differ in nothing else. */
export interface AlertLane {
  /** The same for all its severities. */
  readonly key: string;
  /** Of its newest state until the end of the range, as receivers see it. */
  readonly labels: Labels;
  /** In the order of time, with whole times, also outside of the range; none overlaps another. */
  readonly spans: readonly AlertSpan[];
  /** How long it fired in the range, in milliseconds. */
  readonly firing: number;
  /** Its last change until the end of the range. */
  readonly changedAt: number;
}

export interface AlertTimeline {
  /** Those that were pending or fired, in no order. */
  readonly lanes: readonly AlertLane[];
  /** From when on all is known: the range's start, or later when more changed in it than is read. */
  readonly knownFrom: number;
}

/** Which alerts, and when. */
export interface TimelineRange extends SpanRange, Pick<AlertStateFilter, 'labelSets'> {
  /** Which of those in the log. Default: all. */
  readonly alerts?: readonly AlertIdentity[];
  /** Which of the current ones. */
  readonly isWanted: (alert: { readonly fingerprint: string; readonly labels: Labels }) => boolean;
}

const MAX_CHANGES = 100_000;
/** More alerts that were active at the start are not read. The notifier knows no more either. */
const MAX_STANDING = 100_000;
/** How long before the start an alert may have changed last. Who restarts continues from what is as old. */
export const LOOKBACK = 90 * 86_400_000;

/** Rejects with a StorageError, `limit` when more alerts were active at the start than can be read. */
export async function alertTimeline(
  { alertLog, externalLabels, current, traits, maxChanges = MAX_CHANGES }: TimelineDeps,
  range: TimelineRange,
  signal: AbortSignal,
): Promise<AlertTimeline> {
  const { end, isWanted } = range;
  const { known, knownFrom } = await readLog({ alertLog, externalLabels, maxChanges }, range, signal);
  const lanes = known.lanes({ start: knownFrom, end }, (severity) => traits({ severity }).rank);
  // What others have posted is not in the log, nor is any more what began longer ago than is kept.
  for (const alert of current()) {
    const labels = Labels.from(alert.labels);
    const key = laneKey(labels);
    if (lanes.has(key) || alert.activeAt > end || !isWanted({ fingerprint: alert.fingerprint, labels })) continue;
    lanes.set(key, currentLane(alert, { key, labels, range: { start: knownFrom, end } }));
  }
  return { lanes: [...lanes.values()].filter(({ spans }) => spans.length > 0), knownFrom };
}

async function readLog(
  { alertLog, externalLabels, maxChanges }: Pick<Required<TimelineDeps>, 'alertLog' | 'externalLabels' | 'maxChanges'>,
  { start, end, labelSets = [], alerts }: TimelineRange,
  signal: AbortSignal,
): Promise<{ readonly known: KnownAlerts; readonly knownFrom: number }> {
  const known = new KnownAlerts(externalLabels);
  if (alerts?.length === 0) return { known, knownFrom: start };
  const filter = { start, end, labelSets, alerts: alerts ?? [], ...TRANSITIONS, annotations: [LOGGED_SEVERITY] };
  const knownFrom = await alertLog.newestFrom(filter, maxChanges, signal);
  const before = { ...filter, start: knownFrom - LOOKBACK, end: knownFrom - 1 };
  for await (const event of alertLog.standing(before, signal)) {
    if (known.add(event) <= MAX_STANDING) continue;
    throw new StorageError('limit', `at most ${MAX_STANDING} alerts may be active at the start, got more`);
  }
  for await (const event of alertLog.states({ ...filter, start: knownFrom }, signal)) known.add(event);
  return { known, knownFrom };
}

/** The alerts of which something was read. */
class KnownAlerts {
  readonly #externalLabels: Labels;
  readonly #alerts = new Map<string, { readonly track: AlertTrack; newest: AlertStateEvent }>();

  constructor(externalLabels: Labels) {
    this.#externalLabels = externalLabels;
  }

  /** Events of one alert come in the order of time. Returns the number of alerts. */
  add(event: AlertStateEvent): number {
    const { timestamp, rule, labels, state, activeAt, firedAt, value } = event;
    const key = `${rule}\0${labels.pairs.join('\0')}`;
    let alert = this.#alerts.get(key);
    if (alert === undefined) {
      alert = { track: new AlertTrack(), newest: event };
      this.#alerts.set(key, alert);
    }
    alert.newest = event;
    const severity = loggedSeverity(event, this.#externalLabels);
    alert.track.add({ timestamp, state, activeAt, firedAt, value, severity });
    return this.#alerts.size;
  }

  /** By their keys. An alert that was never active in the range has no spans. */
  lanes(range: SpanRange, rankOf: (severity: string) => number): Map<string, AlertLane> {
    const lanes = new Map<string, { newest: AlertStateEvent; labels: Labels; spans: (readonly AlertSpan[])[] }>();
    for (const { track, newest } of this.#alerts.values()) {
      const labels = shownLabels(newest, this.#externalLabels);
      const key = laneKey(labels);
      const spans = track.spans(range);
      const other = lanes.get(key);
      if (other === undefined) {
        lanes.set(key, { newest, labels, spans: [spans] });
        continue;
      }
      other.spans.push(spans);
      if (newest.timestamp > other.newest.timestamp) Object.assign(other, { newest, labels });
    }
    const found = new Map<string, AlertLane>();
    for (const [key, { newest, labels, spans: all }] of lanes) {
      const spans = worstSpans(all, rankOf);
      found.set(key, { key, labels, spans, firing: firingTime(spans, range), changedAt: newest.timestamp });
    }
    return found;
  }
}

function currentLane(
  { state, activeAt, value = 'NaN' }: CurrentAlert,
  { key, labels, range }: { readonly key: string; readonly labels: Labels; readonly range: SpanRange },
): AlertLane {
  const number = Number(value.replace('Inf', 'Infinity'));
  const span: AlertSpan = { state, severity: labels.get('severity'), from: activeAt, to: undefined, value: number };
  return { key, labels, spans: [span], firing: firingTime([span], range), changedAt: activeAt };
}

function laneKey(labels: Labels): string {
  return labels.with('severity', '').key;
}
