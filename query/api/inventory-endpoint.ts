import type { FastifyInstance } from 'fastify';
import type { InventoryLists, QueryApiDeps } from './query-api-deps.ts';
import { objectChunks } from './render.ts';
import { sendChunks } from './send-chunks.ts';

/** Adds inventory/<list> for each list: what is in the clusters, a page at a time. */
export function addInventoryEndpoint(scope: FastifyInstance, { inventory }: QueryApiDeps): void {
  for (const name of inventory?.names ?? []) {
    const { list } = inventory as InventoryLists;
    scope.get(`/inventory/${name}`, async (request, reply) => {
      const url = request.raw.url ?? '';
      const mark = url.indexOf('?');
      const answer = await list(name, new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)));
      return sendChunks(request, reply, objectChunks(answer));
    });
  }
}
