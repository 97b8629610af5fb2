import type { FastifyInstance } from 'fastify';
import type { QueryApiDeps } from './query-api-deps.ts';

/**
 * Adds kubernetes/clusters: the clusters that this process monitors, what is scraped and derived of each, and what has become of
 * Prometheus Operator's objects: why a ServiceMonitor has no targets is answered here.
 */
export function addKubernetesClusterEndpoint(scope: FastifyInstance, { kubernetesClusters }: QueryApiDeps): void {
  scope.get('/kubernetes/clusters', () => ({ status: 'success', data: kubernetesClusters?.() ?? [] }));
}
