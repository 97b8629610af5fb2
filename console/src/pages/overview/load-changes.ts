import { getJson } from '../../api/get-json.ts';
import { orNothing } from '../../api/or-nothing.ts';
import {
  type AlertTransition,
  CHANGE_REASONS,
  type Change,
  type ClusterEvent,
  changesOfAlerts,
  changesOfEvents,
  newestFirst,
} from './changes.ts';

const LIMIT = '1000';

/** What changed between two moments, in Unix seconds, in one cluster or, with undefined, in all; the newest first. */
export async function loadChanges(
  { cluster, start, end }: { readonly cluster: string | undefined; readonly start: number; readonly end: number },
  signal: AbortSignal,
): Promise<readonly Change[]> {
  const events = (...more: readonly (readonly [string, string])[]): Promise<readonly ClusterEvent[]> => {
    const within = cluster === undefined ? [] : [['cluster', cluster] as const];
    const search = new URLSearchParams(
      [...range(start, end), ['limit', LIMIT], ...within, ...more].map(([name, value]) => [name!, value!]),
    );
    return orNothing(getJson<readonly ClusterEvent[]>(`/api/v1/kubernetes/events?${search}`, { signal }), []);
  };
  const alerts = new URLSearchParams([
    ...range(start, end),
    ['limit', LIMIT],
    ['state', 'firing'],
    ['state', 'inactive'],
  ]);
  const [warnings, nodes, decisions, history] = await Promise.all([
    events(['type', 'Warning']),
    events(['kind', 'Node'], ['type', 'Normal']),
    events(...CHANGE_REASONS.map((reason) => ['reason', reason] as const)),
    orNothing(
      getJson<{ readonly events: readonly AlertTransition[] }>(`/api/v1/alerts/history?${alerts}`, { signal }),
      { events: [] },
    ),
  ]);
  const transitions = history.events.filter(
    ({ labels }) => cluster === undefined || (labels.cluster ?? '') === cluster,
  );
  return newestFirst([...changesOfEvents([...warnings, ...nodes, ...decisions]), ...changesOfAlerts(transitions)]);
}

function range(start: number, end: number): string[][] {
  return [
    ['start', String(start)],
    ['end', String(end)],
  ];
}
