import type { FastifyInstance } from 'fastify';
import { compileSelector, invalid, Parameters } from './parameters.ts';
import type { QueryApiDeps, TargetMetadata } from './query-api-deps.ts';
import { listChunks, objectChunks } from './render.ts';
import { sendChunks } from './send-chunks.ts';

/** Adds targets, targets/metadata and scrape_pools. */
export function addTargetEndpoints(scope: FastifyInstance, deps: QueryApiDeps): void {
  scope.get('/targets', async (request, reply) => {
    const parameters = Parameters.of(request);
    const state = parameters.text('state').toLowerCase();
    const pool = parameters.text('scrapePool');
    const { activeTargets, droppedTargets, droppedTargetCounts } = deps.targets();
    const inPool = (target: { readonly scrapePool: string }) => pool === '' || target.scrapePool === pool;
    const everything = state === '' || state === 'any';
    const withDropped = everything || state === 'dropped';
    const data = {
      activeTargets: everything || state === 'active' ? activeTargets.filter(inPool) : [],
      droppedTargets: withDropped ? droppedTargets.filter(inPool) : [],
      droppedTargetCounts: withDropped ? droppedTargetCounts : null,
    };
    return sendChunks(request, reply, objectChunks(data));
  });

  scope.get('/targets/metadata', async (request, reply) => {
    const parameters = Parameters.of(request);
    const limit = parameters.count('limit');
    const selector = parameters.text('match_target');
    const matchers = selector === '' ? [] : compileSelector(selector, (reason) => invalid('match_target', reason));
    const metric = parameters.text('metric');
    const chosen = function* (): Generator<TargetMetadata> {
      for (const one of deps.targetMetadata?.() ?? []) {
        if (matchers.every((matcher) => matcher.matches(one.target.get(matcher.name)))) yield one;
      }
    };
    return sendChunks(request, reply, listChunks(metadataItems(chosen(), { metric, limit })));
  });

  scope.get('/scrape_pools', async (request, reply) => {
    const { activeTargets, droppedTargets, droppedTargetCounts } = deps.targets();
    const pools = new Set(Object.keys(droppedTargetCounts));
    for (const { scrapePool } of [...activeTargets, ...droppedTargets]) pools.add(scrapePool);
    return sendChunks(request, reply, objectChunks({ scrapePools: [...pools].sort() }));
  });
}

/** One item per metric of a target; the metric is named only when the request does not name it. */
function* metadataItems(
  targets: Iterable<TargetMetadata>,
  { metric, limit }: { readonly metric: string; readonly limit: number },
): Generator<unknown> {
  let count = 0;
  for (const { target, metadata } of targets) {
    for (const { metric: name, type, help, unit } of metadata) {
      if (metric !== '' && name !== metric) continue;
      if (count++ >= limit) return;
      yield metric === '' ? { target, metric: name, type, help, unit } : { target, type, help, unit };
    }
  }
}
