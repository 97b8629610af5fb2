import type { FastifyInstance } from 'fastify';
import { EVENT_FILTER_FIELDS, type EventFilter, type KubernetesEvent } from '../../storage/event-log.ts';
import { QueryError } from '../query-result.ts';
import { TRUNCATED } from './answer.ts';
import { invalid, Parameters } from './parameters.ts';
import type { QueryApiDeps } from './query-api-deps.ts';
import type { QueryGate } from './query-gate.ts';
import { listChunks } from './render.ts';
import { withRequestSignal } from './request-signal.ts';
import { sendChunks } from './send-chunks.ts';

const DAY = 86_400_000;
const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 10_000;

/**
 * Adds kubernetes/events: what components of Kubernetes clusters said, the newest first. cluster, namespace, kind, name, reason
 * and type say of what, and may be repeated to mean one of several; start and end when (the last day), limit how many (1,000).
 */
export function addKubernetesEventEndpoint(scope: FastifyInstance, deps: QueryApiDeps, gate: QueryGate): void {
  scope.get('/kubernetes/events', async (request, reply) => {
    const filter = filterOf(Parameters.of(request), deps.now());
    const { eventLog } = deps;
    if (eventLog === undefined) throw new QueryError('not_found', 'this server keeps no events of Kubernetes');
    const found = await withRequestSignal(reply, deps.limits.queryTimeout, (signal) =>
      gate.run(signal, () => eventLog.find({ ...filter, limit: filter.limit + 1 }, signal)),
    );
    const truncated = found.length > filter.limit;
    const items = (truncated ? found.slice(0, filter.limit) : found).map(shown);
    return sendChunks(request, reply, listChunks(items, truncated ? { warnings: [TRUNCATED] } : {}));
  });
}

function filterOf(parameters: Parameters, now: number): EventFilter {
  const end = parameters.time('end', now);
  const start = parameters.time('start', end - DAY);
  if (end < start) throw invalid('end', 'end timestamp must not be before start time');
  const limit = parameters.limit() || DEFAULT_LIMIT;
  if (limit > MAX_LIMIT) throw invalid('limit', `limit must be at most ${MAX_LIMIT}, got ${limit}`);
  const values = EVENT_FILTER_FIELDS.map((field) => [field, parameters.all(field)] as const);
  return { ...Object.fromEntries(values), start, end, limit };
}

function shown({ timestamp, firstTimestamp, ...event }: KubernetesEvent): object {
  return { time: new Date(timestamp).toISOString(), firstTime: new Date(firstTimestamp).toISOString(), ...event };
}
