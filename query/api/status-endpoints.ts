import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import type { Labels } from '../../storage/labels.ts';
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

/** Adds status/buildinfo, config, flags, runtimeinfo and tsdb. */
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
    nodeVersion: process.version,
  }));

  // Of Prometheus' answer, what a columnar store knows too: the series of the last two hours, as in Prometheus' head.
  scope.get('/status/tsdb', async (request, reply) => {
    const parameters = Parameters.of(request);
    const limit = parameters.limit() || 10;
    const end = now();
    const start = end - PRESENT;
    const filter = { matcherSets: [], start, end, limit: MAX_SERIES + 1 };
    const series = await withRequestSignal(reply, deps.limits.queryTimeout, (signal) =>
      gate.run(signal, () => deps.querier.series(filter, signal)),
    );
    const warnings = series.length > MAX_SERIES ? [`only ${MAX_SERIES} series were counted, there are more`] : [];
    return sendChunks(request, reply, objectChunks(cardinality(series.slice(0, MAX_SERIES), limit), { warnings }));
  });
}

interface NamedCount {
  readonly name: string;
  readonly value: number;
}

function cardinality(series: readonly Labels[], limit: number): Record<string, unknown> {
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
    }
  }
  const byLabel = new Map([...valuesOf].map(([name, values]) => [name, values.size]));
  return {
    headStats: { numSeries: series.length, numLabelPairs: byPair.size },
    seriesCountByMetricName: largest(byMetric, limit),
    labelValueCountByLabelName: largest(byLabel, limit),
    seriesCountByLabelValuePair: largest(byPair, limit),
  };
}

function largest(counts: ReadonlyMap<string, number>, limit: number): NamedCount[] {
  const all = [...counts].map(([name, value]) => ({ name, value }));
  return all.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1)).slice(0, limit);
}
