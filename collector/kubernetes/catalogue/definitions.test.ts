import { describe, expect, it } from 'vitest';
import { catalogueMetadata } from './catalogue.ts';
import { CLUSTER_LEVEL, type Definition, LEVELS, metricName } from './definitions.ts';
import { k8sMetricsPage } from './k8s-metrics-page.ts';

/** The 135 names as TKE's documents group them, written independently of the table. */
const NETWORK = 'network_{receive,transmit}_{bytes,bytes_bw,packets}';
const FS = 'fs_{read,write}_{bytes,times}';
const TKE: Readonly<Record<string, { readonly count: number; readonly names: string }>> = {
  cluster: {
    count: 35,
    names: `cpu_core_total cpu_core_used rate_cpu_core_{used,request}_cluster memory_total mem_usage_bytes mem_no_cache_bytes
      rate_mem_usage_bytes_cluster rate_mem_no_cache_bytes_cluster rate_mem_request_bytes_cluster ${NETWORK} ${FS}
      etcd_db_total_size_bytes allocatable_pods_total pods_used_total node_total gpu_total gpu_used gpu_memory_{total,used}_bytes
      rate_gpu_{used,request}_cluster rate_gpu_memory_{used,request}_cluster eks_cpu_core_used eks_mem_{usage,no_cache}_bytes`,
  },
  node: {
    count: 15,
    names: `cpu_usage mem_usage status_ready pod_restart_total {lan,wan}_{intraffic,outtraffic} tcp_curr_estab
      cpu_core_request_total memory_request_bytes_total gpu_used rate_gpu_used gpu_memory_used_bytes rate_gpu_memory_used`,
  },
  workload: {
    count: 25,
    names: `abnormal pod_restart_total cpu_core_used rate_cpu_core_used_{cluster,resource} mem_usage_bytes mem_no_cache_bytes
      rate_mem_usage_bytes_{cluster,resource} rate_mem_no_cache_cluster rate_mem_no_cache_bytes_resource ${NETWORK} ${FS} gpu_used
      gpu_memory_used_bytes rate_gpu_used_cluster rate_gpu_memory_used_cluster`,
  },
  pod: {
    count: 35,
    names: `status_ready restart_total cpu_core_used rate_cpu_core_used_{node,request,limit,resource} mem_usage_bytes
      mem_no_cache_bytes rate_mem_{usage,no_cache}_{node,request,limit,resource} ${NETWORK} ${FS} gpu_{used,request}
      gpu_memory_{used,request}_bytes rate_gpu_used_{node,request} rate_gpu_memory_used_{node,request}`,
  },
  container: {
    count: 25,
    names: `cpu_core_used rate_cpu_core_used_{node,request,limit} mem_usage_bytes mem_no_cache_bytes
      rate_mem_{usage,no_cache}_{node,request,limit} network_transmit_bytes network_{receive,transmit}_packets ${FS} gpu_used
      gpu_memory_used_bytes rate_gpu_used_{node,request} rate_gpu_memory_used_{node,request}`,
  },
};

/** `a_{b,c}` is a_b and a_c. */
function expand(text: string): string[] {
  const group = /\{([^}]*)\}/.exec(text);
  if (group === null) return [text];
  return group[1]!.split(',').flatMap((part) => expand(text.replace(group[0], part)));
}

const namesOf = (definitions: readonly Definition<never>[]): string[] => definitions.map(({ name }) => name);

describe('the table', () => {
  it.each(Object.entries(TKE))('has the names of the level %s', (level, { count, names }) => {
    const expected = names.split(/\s+/).flatMap(expand);
    expect(expected).toHaveLength(count);
    const { definitions } = LEVELS.find((each) => each.level === level)!;
    const own = namesOf(definitions).filter((name) => !(level === 'cluster' && name.endsWith('_healthy')));
    expect(own.sort()).toEqual(expected.sort());
  });

  it('has 135 of them, and no name twice', () => {
    const all = LEVELS.flatMap(({ level, definitions }) => definitions.map((each) => metricName(level, each)));
    expect(new Set(all).size).toBe(all.length);
    expect(Object.values(TKE).reduce((sum, { count }) => sum + count, 0)).toBe(135);
    expect(CLUSTER_LEVEL.definitions.filter(({ name }) => name.endsWith('_healthy'))).toHaveLength(4);
    expect(catalogueMetadata()).toHaveLength(all.length);
  });

  it('is what docs/k8s-metrics.md says', async () => {
    await expect(k8sMetricsPage()).toMatchFileSnapshot('../../../docs/k8s-metrics.md');
  });
});
