import type { FastifyInstance } from 'fastify';
import { Parameters } from './parameters.ts';
import type { QueryApiDeps } from './query-api-deps.ts';
import { objectChunks } from './render.ts';
import { sendChunks } from './send-chunks.ts';

/** Adds targets and scrape_pools. */
export function addTargetEndpoints(scope: FastifyInstance, deps: QueryApiDeps): void {
  scope.get('/targets', async (request, reply) => {
    const parameters = Parameters.of(request);
    const state = parameters.text('state').toLowerCase();
    const pool = parameters.text('scrapePool');
    const { activeTargets, droppedTargets, droppedTargetCounts } = deps.targets();
    const inPool = (target: { readonly scrapePool: string }) => pool === '' || target.scrapePool === pool;
    const everything = state === '' || state === 'any';
    const data = {
      activeTargets: everything || state === 'active' ? activeTargets.filter(inPool) : [],
      droppedTargets: everything || state === 'dropped' ? droppedTargets.filter(inPool) : [],
      droppedTargetCounts,
    };
    return sendChunks(request, reply, objectChunks(data));
  });

  scope.get('/scrape_pools', async (request, reply) => {
    const { activeTargets, droppedTargets, droppedTargetCounts } = deps.targets();
    const pools = new Set(Object.keys(droppedTargetCounts));
    for (const { scrapePool } of [...activeTargets, ...droppedTargets]) pools.add(scrapePool);
    return sendChunks(request, reply, objectChunks({ scrapePools: [...pools].sort() }));
  });
}
