import type { Labels } from '../../storage/labels.ts';
import { Matcher } from '../../storage/matcher.ts';
import { fingerprint } from '../fingerprint.ts';
import { SEVERITIES } from '../policies/policy.ts';
import type { AlertSpan } from './alert-spans.ts';
import type { AlertLane, AlertTraits } from './alert-timeline.ts';
import { invalidParameter } from './api-error.ts';
import { timeText, valueText } from './history-json.ts';
import { fingerprintsOf, onlyKnown, timeRange, valuesOf, wholeNumber } from './history-parameters.ts';

type Texts = Readonly<Record<string, string>>;
type Key = (lane: AlertLane) => string | number;

const SORTS: Readonly<Record<string, Key>> = {
  firing: ({ firing }) => firing,
  changed: ({ changedAt }) => changedAt,
  name: ({ labels }) => labels.get('alertname').toLowerCase(),
};
const PARAMETERS = ['start', 'end', 'filter', 'cluster', 'level', 'fingerprint', 'sort', 'limit', 'offset'];
const LEVELS = [...SEVERITIES.toReversed(), 'other'];
/** What a request calls the cluster that has no name. */
const UNNAMED = '-';
const SPAN = 7 * 86_400_000;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** Which alerts of a time a request asks for, and in which order. */
export interface TimelineRequest {
  readonly start: number;
  readonly end: number;
  /** In lower case. */
  readonly words: readonly string[];
  /** Names; '' is that of a cluster without one. An alert that names no cluster is in each. */
  readonly clusters: readonly string[];
  readonly levels: readonly string[];
  readonly fingerprints: readonly string[];
  readonly key: Key;
  /** -1: the largest first. */
  readonly sign: 1 | -1;
  readonly limit: number;
  readonly offset: number;
}

/** Throws an ApiError that names the parameter that is wrong. An empty one counts as absent. */
export function timelineRequest(query: URLSearchParams, now: number): TimelineRequest {
  onlyKnown(query, PARAMETERS);
  const sort = query.get('sort') || '-firing';
  const name = sort.replace(/^-/, '');
  if (!Object.hasOwn(SORTS, name)) {
    const known = Object.keys(SORTS).join(', ');
    throw invalidParameter('sort', `expected one of ${known}, maybe after a minus, got ${JSON.stringify(sort)}`);
  }
  return {
    ...timeRange(query, { now, span: SPAN }),
    words: (query.get('filter') ?? '')
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== ''),
    clusters: valuesOf(query, 'cluster').map((cluster) => (cluster === UNNAMED ? '' : cluster)),
    levels: valuesOf(query, 'level', LEVELS),
    fingerprints: fingerprintsOf(valuesOf(query, 'fingerprint')),
    key: SORTS[name]!,
    sign: sort === name ? 1 : -1,
    limit: wholeNumber(query, 'limit', { fallback: DEFAULT_LIMIT, min: 1, max: MAX_LIMIT }),
    offset: wholeNumber(query, 'offset', { fallback: 0, min: 0, max: 999_999_999 }),
  };
}

/** What the store can tell of the clusters: conditions on labels that lack the external ones. None, when it can tell nothing. */
export function clusterSets(
  { clusters }: Pick<TimelineRequest, 'clusters'>,
  externalLabels: Labels,
): readonly (readonly Matcher[])[] {
  if (clusters.length === 0) return [];
  const own = clusters.filter((cluster) => cluster !== '').map((cluster) => [new Matcher('cluster', '=', cluster)]);
  const isEach = isInCluster(externalLabels, clusters);
  return isEach ? [...own, [new Matcher('cluster', '=', '')]] : own;
}

/** Whether labels as receivers see them are of one of the clusters, or of none. */
export function isInCluster(labels: Labels, clusters: readonly string[]): boolean {
  const cluster = labels.get('cluster');
  return clusters.length === 0 || cluster === '' || clusters.includes(cluster);
}

/** The page that is asked for. Alerts that are equal in what is sorted by are in the order of their keys. */
export function timelinePage(
  lanes: readonly AlertLane[],
  request: TimelineRequest,
  traits: (labels: Texts) => AlertTraits,
): { readonly lanes: readonly AlertLane[]; readonly total: number } {
  const { words, clusters, levels, key, sign, limit, offset } = request;
  const levelOf = remembering((severity) => traits({ severity }).level);
  const found = lanes.filter(
    (lane) =>
      isInCluster(lane.labels, clusters) &&
      (levels.length === 0 || lane.spans.some(({ severity }) => levels.includes(levelOf(severity)))) &&
      (words.length === 0 || hasWords(textOf(lane, { traits, levelOf }), words)),
  );
  const sorted = found.sort((a, b) => compare(key(a), key(b)) * sign || compare(a.key, b.key));
  return { lanes: sorted.slice(offset, offset + limit), total: found.length };
}

/** An alert of the answer. Times are RFC 3339, null for the end of a state that lasts. */
export function laneJson({ labels, firing, changedAt, spans }: AlertLane): object {
  return {
    ...{ fingerprint: fingerprint(labels), labels, firingSeconds: firing / 1000, changedAt: timeText(changedAt) },
    spans: spans.map(({ state, severity, from, to = 0, value }: AlertSpan) => ({
      ...{ state, severity, from: timeText(from), to: timeText(to), value: valueText(value) },
    })),
  };
}

/** What words are looked for in: the states and severities that it had, what it is about, and labels as `name=value`. */
function textOf(
  { labels, spans }: AlertLane,
  {
    traits,
    levelOf,
  }: { readonly traits: (labels: Texts) => AlertTraits; readonly levelOf: (severity: string) => string },
): string {
  const { object, objectKind } = traits(labels.toObject());
  const parts = new Set([object, objectKind]);
  for (const [name, value] of labels) parts.add(`${name}=${value}`);
  for (const { state, severity } of spans) parts.add(state).add(`severity=${severity}`).add(levelOf(severity));
  return [...parts].join('\n').toLowerCase();
}

function hasWords(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}

function remembering(of: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text) ?? of(text);
    known.set(text, found);
    return found;
  };
}

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
