import { describe, expect, it } from 'vitest';
import type { KubernetesConfig } from './config/config.ts';
import { defaultConfig } from './config/default-config.ts';
import { findClusters } from './kubernetes-clusters.ts';

const { kubernetes: base } = defaultConfig({ listen: { host: '127.0.0.1', port: 9090 } });
const POD = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };

function accesses(config: Partial<KubernetesConfig>, sources: Partial<Parameters<typeof findClusters>[1]>): string[] {
  const found = findClusters({ ...base, ...config }, { hasFile: false, environment: {}, ...sources });
  return found.monitored.map(({ access, nodeAccess }) => `${access.kind} ${nodeAccess}`);
}

describe('clusters', () => {
  it('are none where nothing says that there is one', () => {
    expect(accesses({}, {})).toEqual([]);
    expect(accesses({ enabled: true }, { hasFile: true })).toEqual([]);
  });

  it('are the own one, unless a file says nothing of it', () => {
    expect(accesses({}, { environment: POD })).toEqual(['in-cluster direct']);
    expect(accesses({}, { environment: POD, hasFile: true })).toEqual([]);
    expect(accesses({ enabled: true }, { environment: POD, hasFile: true })).toEqual(['in-cluster direct']);
    expect(accesses({ enabled: false }, { environment: POD })).toEqual([]);
  });

  it('are those that are named, instead of the own one', () => {
    const kubeconfig = { file: '/k', context: undefined };
    expect(accesses({}, { environment: POD, kubeconfig })).toEqual(['kubeconfig proxy']);
    expect(accesses({ nodeAccess: 'direct' }, { kubeconfig, hasFile: true })).toEqual(['kubeconfig direct']);
    const demo = { kind: 'kubeconfig', file: '/d', context: undefined } as const;
    const found = findClusters(base, { hasFile: false, environment: {}, kubeconfig, demo });
    expect(found.monitored).toHaveLength(2);
    expect(found.names).toEqual([{ access: demo, name: 'simulated' }]);
  });

  it('take what the configuration says of all of them', () => {
    const found = findClusters(
      { ...base, leaderElection: { namespace: 'ns', name: 'l' }, catalogue: false },
      { hasFile: false, environment: POD },
    );
    expect(found.monitored[0]).toMatchObject({
      scrapeInterval: 15_000,
      catalogue: false,
      leaderElection: { namespace: 'ns', name: 'l' },
    });
  });
});
