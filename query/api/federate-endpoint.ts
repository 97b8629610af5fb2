import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Labels } from '../../storage/labels.ts';
import type { Matcher } from '../../storage/matcher.ts';
import { SampleTable } from '../../storage/sample-table.ts';
import { QueryError } from '../query-result.ts';
import { failureOf } from './envelope.ts';
import { type ExposedSample, type NameEscaping, sampleLine, typeLine } from './exposition-text.ts';
import { Parameters } from './parameters.ts';
import type { QueryApiDeps } from './query-api-deps.ts';
import type { QueryGate } from './query-gate.ts';
import { withRequestSignal } from './request-signal.ts';
import { sendChunks } from './send-chunks.ts';

/** How far back a sample counts when the engine does not say otherwise, in milliseconds. */
const LOOKBACK = 300_000;
const LINES_PER_CHUNK = 500;

/**
 * Adds /federate: the newest sample of every series that one of the selectors of match[] selects, as another Prometheus
 * scrapes it. Series that have ended, or whose newest sample is older than the look-back, are left out. The external
 * labels go on every series that does not have them, and `instance`, empty, so that the scraper does not put its own.
 * Errors are plain text.
 */
export function addFederateEndpoint(scope: FastifyInstance, deps: QueryApiDeps, gate: QueryGate): void {
  scope.get(
    '/federate',
    {
      // `sendChunks` takes everything for JSON.
      onSend: async (request, reply) => {
        if (reply.statusCode === 200) {
          reply.type(`text/plain; version=0.0.4; charset=utf-8; escaping=${escapingFor(request)}`);
        }
      },
      errorHandler: (error, _, reply) => {
        const { status, message, defect } = failureOf(error);
        if (defect) deps.logger.error({ err: error, handler: '/federate' }, 'a request to the API failed');
        return reply.code(status).type('text/plain; charset=utf-8').send(`${message}\n`);
      },
    },
    async (request, reply) => {
      // In contrast to the API a wrong selector is told without the parameter's name.
      const matcherSets = Parameters.of(request).matcherSets((reason) => new QueryError('bad_data', reason));
      const samples = await withRequestSignal(reply, deps.limits.queryTimeout, (signal) =>
        gate.run(signal, () => newest(deps, matcherSets, signal)),
      );
      const external = [...(deps.externalLabels?.() ?? Labels.EMPTY)].map(([name, value]) => [name, value] as const);
      if (!external.some(([name]) => name === 'instance')) external.push(['instance', '']);
      external.sort(([a], [b]) => (a < b ? -1 : 1));
      return sendChunks(request, reply, chunks(samples, external, escapingFor(request)));
    },
  );
}

/** By metric, then by labels. */
async function newest(
  { querier, now, lookback = LOOKBACK }: QueryApiDeps,
  matcherSets: readonly (readonly Matcher[])[],
  signal: AbortSignal,
): Promise<ExposedSample[]> {
  const end = now();
  const found = new Map<string, ExposedSample>();
  for (const matchers of matcherSets) {
    const set = await querier.select({ matchers, start: end - lookback, end }, signal);
    const table = new SampleTable(set.series.length);
    for await (const block of set.blocks()) table.add(block);
    for (const [index, labels] of set.series.entries()) {
      const { length, timestamps, values, stale } = table.read(index);
      if (length === 0 || stale[length - 1] === 1) continue;
      found.set(labels.key, { labels, value: values[length - 1]!, timestamp: timestamps[length - 1]! });
    }
  }
  return [...found.values()].sort((a, b) => {
    const [x, y] = [a.labels.metric, b.labels.metric];
    return x === y ? Labels.compare(a.labels, b.labels) : x < y ? -1 : 1;
  });
}

function* chunks(
  samples: readonly ExposedSample[],
  external: readonly (readonly [string, string])[],
  escaping: NameEscaping,
): Generator<string> {
  let metric = '';
  for (let from = 0; from < samples.length; from += LINES_PER_CHUNK) {
    let chunk = '';
    for (const sample of samples.slice(from, from + LINES_PER_CHUNK)) {
      if (sample.labels.metric !== metric) {
        metric = sample.labels.metric;
        // The types are not sent on, as little as Prometheus does.
        chunk += typeLine(metric, 'untyped', escaping);
      }
      chunk += sampleLine(sample, external, escaping);
    }
    yield chunk;
  }
}

/** Scrapers that take any name say so in `Accept`. */
function escapingFor(request: FastifyRequest): NameEscaping {
  return /\bescaping=allow-utf-8\b/.test(request.headers.accept ?? '') ? 'allow-utf-8' : 'underscores';
}
