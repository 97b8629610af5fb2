import { availableParallelism, hostname } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { FastifyInstance } from 'fastify';
import type { Labels } from '../../storage/labels.ts';
import { QueryError } from '../query-result.ts';
import { featuresJson } from './features-json.ts';
import type { ConfigReloads } from './lifecycle-endpoints.ts';
import { Parameters } from './parameters.ts';
import type { QueryApiDeps } from './query-api-deps.ts';
import type { QueryGate } from './query-gate.ts';
import { objectChunks } from './render.ts';
import { withRequestSignal } from './request-signal.ts';
import { sendChunks } from './send-chunks.ts';

/** What counts as present in status/tsdb, in milliseconds. */
const PRESENT = 2 * 3_600_000;
/** How many series status/tsdb reads at most. */
const MAX_SERIES = 200_000;

/** Adds status/buildinfo, config, flags, runtimeinfo, tsdb and walreplay, and features. */
export function addStatusEndpoints(
  scope: FastifyInstance,
  deps: QueryApiDeps,
  { gate, reloads }: { readonly gate: QueryGate; readonly reloads: ConfigReloads },
): void {
  const { status, now } = deps;
  const serve = (url: string, data: () => unknown): void => {
    scope.get(url, async (request, reply) => sendChunks(request, reply, objectChunks(data())));
  };

  serve('/status/buildinfo', () => status.buildInfo);
  serve('/status/config', () => ({ yaml: status.configYaml() }));
  serve('/status/flags', () => status.flags());
  serve('/status/runtimeinfo', () => ({
    startTime: new Date(status.startTime).toISOString(),
    CWD: process.cwd(),
    hostname: hostname(),
    serverTime: new Date(now()).toISOString(),
    reloadConfigSuccess: reloads.lastSucceeded,
    lastConfigTime: new Date(reloads.lastSuccess).toISOString(),
    // Go's words for what Node has too: what keeps the process going, its processors, the limit of its heap.
    goroutineCount: process.getActiveResourcesInfo().length,
    GOMAXPROCS: availableParallelism(),
    GOMEMLIMIT: getHeapStatistics().heap_size_limit,
    GOGC: '',
    GODEBUG: '',
    storageRetention: status.retention,
    nodeVersion: process.version,
  }));
  // Nothing is replayed at a start.
  serve('/status/walreplay', () => ({ min: 0, max: 0, current: 0 }));
  serve('/features', () => featuresJson(deps.features ?? new Set(), deps.deleteSamples !== undefined));

  // Of Prometheus' answer, what a columnar store knows too: the series of the last two hours, as in Prometheus' head.
  scope.get('/status/tsdb', async (request, reply) => {
    const parameters = Parameters.of(request);
    const limit = parameters.text('limit') === '' ? 10 : Number(parameters.text('limit'));
    if (!Number.isSafeInteger(limit) || limit < 1) throw new QueryError('bad_data', 'limit must be a positive number');
    const end = now();
    const start = end - PRESENT;
    const filter = { matcherSets: [], start, end, limit: MAX_SERIES + 1 };
    const series = await withRequestSignal(reply, deps.limits.queryTimeout, (signal) =>
      gate.run(signal, () => deps.querier.series(filter, signal)),
    );
    const warnings = series.length > MAX_SERIES ? [`only ${MAX_SERIES} series were counted, there are more`] : [];
    return sendChunks(
      request,
      reply,
      objectChunks(tsdbJson(series.slice(0, MAX_SERIES), { limit, start, end }), { warnings }),
    );
  });
}

interface NamedCount {
  readonly name: string;
  readonly value: number;
}

/** There are no chunks, so none are counted; the bytes of a label are those of its name and value in every series. */
function tsdbJson(
  series: readonly Labels[],
  { limit, start, end }: { readonly limit: number; readonly start: number; readonly end: number },
): Record<string, unknown> {
  const bytesOf = new Map<string, number>();
  const byMetric = new Map<string, number>();
  const byPair = new Map<string, number>();
  const valuesOf = new Map<string, Set<string>>();
  for (const labels of series) {
    byMetric.set(labels.metric, (byMetric.get(labels.metric) ?? 0) + 1);
    for (const [name, value] of labels) {
      const pair = `${name}=${value}`;
      byPair.set(pair, (byPair.get(pair) ?? 0) + 1);
      let values = valuesOf.get(name);
      if (values === undefined) valuesOf.set(name, (values = new Set()));
      values.add(value);
      bytesOf.set(name, (bytesOf.get(name) ?? 0) + name.length + value.length);
    }
  }
  const byLabel = new Map([...valuesOf].map(([name, values]) => [name, values.size]));
  return {
    headStats: { numSeries: series.length, numLabelPairs: byPair.size, chunkCount: 0, minTime: start, maxTime: end },
    seriesCountByMetricName: largest(byMetric, limit),
    labelValueCountByLabelName: largest(byLabel, limit),
    memoryInBytesByLabelName: largest(bytesOf, limit),
    seriesCountByLabelValuePair: largest(byPair, limit),
  };
}

function largest(counts: ReadonlyMap<string, number>, limit: number): NamedCount[] {
  const all = [...counts].map(([name, value]) => ({ name, value }));
  return all.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1)).slice(0, limit);
}
