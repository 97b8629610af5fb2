import type { Clock } from '../../clock/clock.ts';
import type { AlertEventFilter, AlertIdentity, AlertLog, FoundAlertEvent } from '../../storage/alert-log.ts';
import type { DocumentLog } from '../../storage/document-log.ts';
import { Labels } from '../../storage/labels.ts';
import type { FoundNotification, NotificationLog } from '../../storage/notification-log.ts';
import { TRANSITIONS } from '../alert-history.ts';
import { fingerprint } from '../fingerprint.ts';
import { alertStory } from './alert-story.ts';
import { alertTimeline, LOOKBACK, type TimelineDeps } from './alert-timeline.ts';
import { ApiError, failureEnvelope } from './api-error.ts';
import type { ApiAnswer, ApiRequest, ApiSection } from './endpoint.ts';
import { notificationJson, timeText, transitionJson } from './history-json.ts';
import { fingerprintsOf, historyRange, matcherSets, onlyKnown, positionText, valuesOf } from './history-parameters.ts';
import { possibleLabels } from './logged-alert.ts';
import { clusterSets, isInCluster, laneJson, timelinePage, timelineRequest } from './timeline-request.ts';

export interface HistoryApiDeps extends TimelineDeps {
  readonly alertLog: Pick<AlertLog, 'find' | 'alerts'> & TimelineDeps['alertLog'];
  readonly notificationLog: Pick<NotificationLog, 'find'>;
  readonly documentLog: Pick<DocumentLog, 'written' | 'versions'>;
  readonly clock: Clock;
  /** Milliseconds that one request may take. Default: 30,000. */
  readonly historyTimeout?: number;
}

const DAY = 86_400_000;
const STATES = ['pending', 'firing', 'inactive'] as const;
const OUTCOMES = ['delivered', 'refused', 'failed'] as const;
const RANGE = ['start', 'end', 'limit', 'before'];
/** Alerts of one fingerprint that are looked at: rules that are the same but for their names share them. */
const MAX_NAMESAKES = 100;

/**
 * What has happened, the newest first:
 *
 *     GET /api/v1/alerts/history               changes of alerts' states; match[], state, fingerprint
 *     GET /api/v1/alerts/history/:fingerprint  all of one alert: changes, notifications, silences that match it
 *     GET /api/v1/notifications                who was told what; receiver, fingerprint, outcome
 *
 * Each takes start and end (the last 7 days; of one alert 90), limit (100) and before: the `next` of an answer, which has it when
 * there is more. And how alerts were in a time (the last 7 days), as a list of alerts with their states:
 *
 *     GET /api/v1/alerts/timeline              filter, cluster, level, fingerprint; sort, limit, offset
 */
export function historySection(deps: HistoryApiDeps): ApiSection {
  return {
    prefix: '/api/v1',
    endpoints: [
      { method: 'GET', path: '/alerts/history', handle: (request) => within(deps, request, alerts) },
      { method: 'GET', path: '/alerts/history/:fingerprint', handle: (request) => within(deps, request, alert) },
      { method: 'GET', path: '/alerts/timeline', handle: (request) => within(deps, request, timeline) },
      { method: 'GET', path: '/notifications', handle: (request) => within(deps, request, notifications) },
    ],
    failure: failureEnvelope,
  };
}

type Handler = (deps: HistoryApiDeps, request: ApiRequest, signal: AbortSignal) => Promise<object>;

/** Runs a handler until the client goes away or the time is over. */
async function within(deps: HistoryApiDeps, request: ApiRequest, handler: Handler): Promise<ApiAnswer> {
  const timeout = deps.historyTimeout ?? 30_000;
  const controller = new AbortController();
  const onAbort = () => controller.abort(request.signal.reason);
  const late = new ApiError('timeout', `the history could not be read within ${timeout / 1000} s`);
  const cancel = deps.clock.schedule(timeout, () => controller.abort(late));
  if (request.signal.aborted) onAbort();
  request.signal.addEventListener('abort', onAbort, { once: true });
  try {
    return { status: 200, json: { status: 'success', data: await handler(deps, request, controller.signal) } };
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    cancel();
    request.signal.removeEventListener('abort', onAbort);
  }
}

async function alerts(deps: HistoryApiDeps, { query }: ApiRequest, signal: AbortSignal): Promise<object> {
  onlyKnown(query, ['match[]', 'state', 'fingerprint', ...RANGE]);
  const range = historyRange(query, { now: deps.clock.now(), span: 7 * DAY });
  const state = valuesOf(query, 'state', STATES) as AlertEventFilter['state'] & {};
  const sets = matcherSets(query, deps.externalLabels);
  const fingerprints = fingerprintsOf(valuesOf(query, 'fingerprint'));
  let found: readonly FoundAlertEvent[] = [];
  const named = fingerprints.length === 0 ? [] : await alertsOf(deps, { fingerprints, ...range }, signal);
  if (fingerprints.length === 0 || named.length > 0) {
    const filter = { ...range, ...TRANSITIONS, state, matcherSets: sets, alerts: named, limit: range.limit + 1 };
    found = await deps.alertLog.find(filter, signal);
  }
  return page('events', found, { range, json: (event) => transitionJson(event, deps.externalLabels) });
}

async function notifications(deps: HistoryApiDeps, { query }: ApiRequest, signal: AbortSignal): Promise<object> {
  onlyKnown(query, ['receiver', 'fingerprint', 'outcome', ...RANGE]);
  const range = historyRange(query, { now: deps.clock.now(), span: 7 * DAY });
  const about = fingerprintsOf(valuesOf(query, 'fingerprint'));
  const filter = {
    ...range,
    receiver: valuesOf(query, 'receiver'),
    outcome: valuesOf(query, 'outcome', OUTCOMES),
    fingerprint: about,
    limit: range.limit + 1,
  };
  const found = await deps.notificationLog.find(filter, signal);
  return page('notifications', found, { range, json: (event: FoundNotification) => notificationJson(event, about) });
}

async function alert(deps: HistoryApiDeps, { query, params }: ApiRequest, signal: AbortSignal): Promise<object> {
  onlyKnown(query, RANGE);
  const range = historyRange(query, { now: deps.clock.now(), span: 90 * DAY });
  const [wanted] = fingerprintsOf([params.fingerprint ?? '']);
  const alerts = await alertsOf(deps, { fingerprints: [wanted!], ...range }, signal);
  if (alerts.length === 0) throw new ApiError('not_found', `no alert with the fingerprint ${wanted} is in the history`);
  // A policy's alert has one for each severity, and is the same alert.
  const shown = alerts.flatMap((one) => possibleLabels(one, deps.externalLabels));
  const entries = await alertStory(deps, { alerts, shown, range }, signal);
  return {
    fingerprint: wanted,
    labels: shown.find((labels) => fingerprint(labels) === wanted) ?? shown[0],
    ...page('entries', entries, { range, json: ({ json }) => json }),
  };
}

async function timeline(deps: HistoryApiDeps, { query }: ApiRequest, signal: AbortSignal): Promise<object> {
  const request = timelineRequest(query, deps.clock.now());
  const { start, end, fingerprints, clusters } = request;
  const named = { fingerprints, start: start - LOOKBACK, end };
  const range = {
    ...{ start, end, labelSets: clusterSets(request, deps.externalLabels) },
    ...(fingerprints.length > 0 && { alerts: await alertsOf(deps, named, signal) }),
    isWanted: ({ fingerprint, labels }: { readonly fingerprint: string; readonly labels: Labels }) =>
      isInCluster(labels, clusters) && (fingerprints.length === 0 || fingerprints.includes(fingerprint)),
  };
  const { lanes, knownFrom } = await alertTimeline(deps, range, signal);
  const page = timelinePage(lanes, request, deps.traits);
  return {
    start: timeText(start),
    end: timeText(end),
    ...(knownFrom > start && { knownFrom: timeText(knownFrom) }),
    total: page.total,
    alerts: page.lanes.map(laneJson),
  };
}

/** The first of what was found, one more than asked for, and where the next page begins if there is one. */
function page<Entry extends { readonly timestamp: number; readonly sequence: number }>(
  name: string,
  found: readonly Entry[],
  { range, json }: { readonly range: { readonly limit: number }; readonly json: (entry: Entry) => object },
): object {
  const entries = found.slice(0, range.limit);
  const last = found.length > entries.length ? entries.at(-1) : undefined;
  return { [name]: entries.map(json), ...(last !== undefined && { next: positionText(last) }) };
}

/** The alerts that receivers may have seen with one of the fingerprints, or that have it without the external labels, as /api/v1/alerts has them. */
async function alertsOf(
  { alertLog, externalLabels }: HistoryApiDeps,
  range: { readonly fingerprints: readonly string[]; readonly start: number; readonly end: number },
  signal: AbortSignal,
): Promise<readonly AlertIdentity[]> {
  const wanted = new Set(range.fingerprints);
  const external = externalLabels.size === 0 ? [externalLabels] : [externalLabels, Labels.EMPTY];
  const found: AlertIdentity[] = [];
  for await (const alert of alertLog.alerts({ start: range.start, end: range.end, ...TRANSITIONS }, signal)) {
    const seen = external.flatMap((labels) => possibleLabels(alert, labels));
    if (!seen.some((labels) => wanted.has(fingerprint(labels)))) continue;
    if (found.push(alert) > MAX_NAMESAKES) throw new ApiError('bad_data', 'too many alerts have these fingerprints');
  }
  return found;
}
