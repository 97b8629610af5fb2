import type { Clock } from '../../clock/clock.ts';
import type { Matcher } from '../../storage/matcher.ts';
import type { Silence } from '../silences/silence.ts';
import { SilenceError } from '../silences/silence-error.ts';
import type { WantedSilence } from '../silences/wanted-silence.ts';
import type { AlertBoard, BoardAlert, BoardGroup } from './alert-board.ts';
import { alertFilter, filterMatchers, flag } from './alert-filter.ts';
import { alertmanagerFailure, badRequest, brokenRule } from './alertmanager-error.ts';
import { alertJson, arrayPieces, inListOrder, silenceJson } from './alertmanager-json.ts';
import type { ApiAnswer, ApiEndpoint, ApiSection } from './endpoint.ts';
import { beforeInGroup, labelsBefore } from './group-order.ts';
import { postedAlerts } from './posted-alerts.ts';
import { postedSilence } from './posted-silence.ts';

/** The silences, as far as the API changes and shows them. */
export interface SilenceStore {
  /** False until they have been read for the first time, when nobody knows which there are. Default: true. */
  readonly isRead?: boolean;
  list(): readonly Silence[];
  get(id: string): Silence | undefined;
  set(wanted: WantedSilence): Promise<Silence>;
  expire(id: string): Promise<void>;
}

export interface AlertmanagerApiDeps {
  readonly board: AlertBoard;
  readonly silences: SilenceStore;
  readonly clock: Clock;
  /** Of Pharos. */
  readonly version: string;
  /** Unix milliseconds. */
  readonly startTime: number;
  /** Alerts in one answer; more are refused, with the advice to filter. Default: 100,000. */
  readonly maxAlerts?: number;
}

const MAX_POSTED = 16 * 2 ** 20;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Alertmanager's API v2: what amtool, Grafana and the console of Prometheus ask of an Alertmanager. What is where, the order of lists
 * and the texts of refusals are Alertmanager's.
 */
export function alertmanagerSection(deps: AlertmanagerApiDeps): ApiSection {
  const endpoints: readonly ApiEndpoint[] = [
    { method: 'GET', path: '/status', handle: () => ({ status: 200, json: statusJson(deps) }) },
    { method: 'GET', path: '/receivers', handle: ({ query }) => ({ status: 200, json: receiversJson(deps, query) }) },
    { method: 'GET', path: '/alerts', handle: ({ query }) => alerts(deps, query) },
    { method: 'GET', path: '/alerts/groups', handle: ({ query }) => groups(deps, query) },
    {
      method: 'POST',
      path: '/alerts',
      maxBody: MAX_POSTED,
      handle(request) {
        const posted = postedAlerts(request, deps.clock.now());
        if (posted.alerts.length > 0) deps.board.post(posted.alerts);
        if (posted.problems.length > 0) throw badRequest(shortened(posted.problems));
        return { status: 200 };
      },
    },
    { method: 'GET', path: '/silences', handle: ({ query }) => silences(deps, query) },
    {
      method: 'POST',
      path: '/silences',
      async handle(request) {
        const { id } = await deps.silences.set(postedSilence(request));
        return { status: 200, json: { silenceID: id } };
      },
    },
    {
      method: 'GET',
      path: '/silence/:silenceID',
      handle({ params }) {
        const silence = deps.silences.get(silenceId(params));
        return silence === undefined ? { status: 404 } : { status: 200, json: silenceJson(silence, deps.clock.now()) };
      },
    },
    {
      method: 'DELETE',
      path: '/silence/:silenceID',
      async handle({ params }) {
        try {
          await deps.silences.expire(silenceId(params));
          return { status: 200 };
        } catch (error) {
          // There is no text with it, unlike where one is to be changed.
          if (error instanceof SilenceError && error.kind === 'not_found') return { status: 404 };
          throw error;
        }
      },
    },
  ];
  return { prefix: '/api/v2', endpoints, failure: alertmanagerFailure, isWhole: true };
}

function statusJson({ board, version, startTime }: AlertmanagerApiDeps): object {
  const unknown = { branch: '', buildDate: '', buildUser: '', revision: '' };
  return {
    cluster: { peers: [], status: 'disabled' },
    config: { original: board.config() },
    uptime: new Date(startTime).toISOString(),
    versionInfo: { ...unknown, goVersion: '', version },
  };
}

function receiversJson({ board }: AlertmanagerApiDeps, query: URLSearchParams): object {
  const isWanted = receiverFilter(query);
  return board
    .receivers()
    .filter(isWanted)
    .map((name) => ({ labels: { name }, name }));
}

/** Which receivers `receiver_matchers` accepts; the only label that a receiver has is its name. */
function receiverFilter(query: URLSearchParams): (name: string) => boolean {
  const matchers = filterMatchers(query, 'receiver_matchers', 'failed to parse receiver_matchers param: ');
  return (name) => matchers.every((matcher) => matcher.matches(matcher.name === 'name' ? name : ''));
}

function alerts(deps: AlertmanagerApiDeps, query: URLSearchParams): ApiAnswer {
  const filter = alertFilter(query, deps.clock.now());
  const isWanted = receiverFilter(query);
  const isForWanted = ({ receivers }: BoardAlert): boolean =>
    receivers.some((name) => filter.hasReceiver(name)) && receivers.some(isWanted);
  const shown = deps.board.alerts().filter((alert) => isForWanted(alert) && filter.matches(alert));
  checkSize(shown.length, deps);
  shown.sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
  return answer(shown.map((alert) => () => alertJson(alert, { receivers: alert.receivers, mutedBy: [] })));
}

function groups(deps: AlertmanagerApiDeps, query: URLSearchParams): ApiAnswer {
  const filter = alertFilter(query, deps.clock.now());
  const withMuted = flag(query, 'muted');
  const isWanted = receiverFilter(query);
  const shown: BoardGroup[] = [];
  /** By fingerprint: of all groups that pass, muted ones too. */
  const receivers = new Map<string, string[]>();
  let count = 0;
  for (const group of deps.board.groups()) {
    if (!isWanted(group.receiver) || !filter.hasReceiver(group.receiver)) continue;
    const passing = group.alerts.filter((alert) => filter.matches(alert));
    if (passing.length === 0) continue;
    for (const { fingerprint } of passing) {
      const names = receivers.get(fingerprint);
      if (names === undefined) receivers.set(fingerprint, [group.receiver]);
      else names.push(group.receiver);
    }
    if (!withMuted && mutedBy(group).length > 0) continue;
    count += passing.length;
    shown.push({ ...group, alerts: passing });
  }
  checkSize(count, deps);
  for (const names of receivers.values()) names.sort();
  shown.sort((a, b) => labelsBefore(a.labels, b.labels) || (a.receiver < b.receiver ? -1 : 1));
  return answer(
    shown.map((group) => () => ({
      alerts: [...group.alerts].sort(beforeInGroup).map((alert) => {
        return alertJson(alert, { receivers: receivers.get(alert.fingerprint)!, mutedBy: mutedBy(group) });
      }),
      labels: sortedLabels(group.labels),
      receiver: { name: group.receiver },
    })),
  );
}

/** The time intervals that mute a group; they are the same for all of its alerts. */
function mutedBy({ alerts: [alert] }: { readonly alerts: readonly BoardAlert[] }): readonly string[] {
  return alert?.mutedBy ?? [];
}

function silences(deps: AlertmanagerApiDeps, query: URLSearchParams): ApiAnswer {
  if (deps.silences.isRead === false) {
    throw new SilenceError('unavailable', 'the silences cannot be read yet: the store does not answer');
  }
  const now = deps.clock.now();
  const wanted = filterMatchers(query, 'filter');
  const shown = deps.silences.list().filter((silence) => wanted.every((matcher) => hasMatcher(silence, matcher)));
  return answer(inListOrder(shown, now).map((silence) => () => silenceJson(silence, now)));
}

/** A filter of silences asks for the very matcher. */
function hasMatcher({ matchers }: Silence, { name, op, value }: Matcher): boolean {
  return matchers.some((matcher) => matcher.name === name && matcher.op === op && matcher.value === value);
}

function silenceId(params: Readonly<Record<string, string>>): string {
  const id = params.silenceID ?? '';
  if (UUID.test(id)) return id.toLowerCase();
  throw brokenRule(601, `silenceID in path must be of type uuid: ${JSON.stringify(id)}`);
}

function checkSize(count: number, { maxAlerts = 100_000 }: AlertmanagerApiDeps): void {
  if (count <= maxAlerts) return;
  throw badRequest(
    `an answer may have ${maxAlerts} alerts at most, this one would have ${count}: ask for some with filter or receiver`,
  );
}

/** The problems of alerts, a line each; beyond the first hundred only their number. */
function shortened(problems: readonly string[]): string {
  const more = problems.length - 100;
  return [...problems.slice(0, 100), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

function answer(items: readonly (() => object)[]): ApiAnswer {
  return { status: 200, pieces: arrayPieces(items) };
}

function sortedLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
