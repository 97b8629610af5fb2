import { describe, expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import { compileRelabel } from '../relabel.ts';
import type { ScrapeConfig } from '../scrape/scrape-config.ts';
import { buildTargets } from '../scrape/target.ts';
import { type DefaultJobsOptions, defaultJobs } from './default-jobs.ts';

const options: DefaultJobsOptions = {
  cluster: 'c1',
  access: { kind: 'in-cluster' },
  server: 'https://api.example.com:6443/k8s/clusters/x',
  http: PLAIN_HTTP_CLIENT,
  nodeAccess: 'direct',
  scrapeInterval: 15_000,
  scrapeTimeout: 10_000,
  kubelets: true,
  apiServer: true,
  controlPlane: true,
  nodeExporter: true,
  gpuExporter: true,
};

function jobNamed(name: string, changes: Partial<DefaultJobsOptions> = {}): ScrapeConfig {
  const job = defaultJobs({ ...options, ...changes }).find(({ jobName }) => jobName === `kubernetes/c1/${name}`);
  if (job === undefined) throw new Error(`no job ${name}`);
  return job;
}

/** URL and labels of what becomes of one discovered target; undefined when it is dropped. */
function targetOf(job: ScrapeConfig, address: string, labels: Record<string, string>): unknown {
  const group = { targets: [address], labels, source: 's' };
  const { targets, failures } = buildTargets([group], job, compileRelabel(job.relabelConfigs));
  expect(failures).toEqual([]);
  return targets[0] && { url: targets[0].url.href, ...targets[0].labels.toObject() };
}

const node = { __meta_kubernetes_node_name: 'n1' };
const pod = {
  __meta_kubernetes_namespace: 'kube-system',
  __meta_kubernetes_pod_name: 'p1',
  __meta_kubernetes_pod_ip: '10.0.0.7',
  __meta_kubernetes_pod_node_name: 'n1',
  __meta_kubernetes_pod_phase: 'Running',
  __meta_kubernetes_pod_container_name: 'main',
};

describe('default jobs', () => {
  it('have names of their own', () => {
    const names = defaultJobs(options).map(({ jobName }) => jobName);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('kubernetes/c1/kubelet/cadvisor');
    expect(defaultJobs({ ...options, cluster: '' })[0]!.jobName).toBe('kubernetes/kubelet/metrics');
  });

  it('leave the labels of those that kubelets and GPU exporters speak of as they are', () => {
    const honored = defaultJobs(options).filter(({ honorLabels }) => honorLabels);
    expect(honored.map(({ jobName }) => jobName.slice('kubernetes/c1/'.length))).toEqual([
      'kubelet/metrics',
      'kubelet/cadvisor',
      'kubelet/resource',
      'kubelet/probes',
      'virtual-kubelet/cadvisor',
      'dcgm-exporter',
    ]);
  });

  it('leave out what is not wanted', () => {
    const none = { kubelets: false, apiServer: false, controlPlane: false, nodeExporter: false, gpuExporter: false };
    expect(defaultJobs({ ...options, ...none })).toEqual([]);
  });
});

describe('kubelets', () => {
  it('are scraped directly', () => {
    expect(targetOf(jobNamed('kubelet/cadvisor'), '10.0.0.1:10250', node)).toEqual({
      url: 'https://10.0.0.1:10250/metrics/cadvisor',
      cluster: 'c1',
      endpoint: 'https-metrics',
      instance: '10.0.0.1:10250',
      job: 'kubelet',
      metrics_path: '/metrics/cadvisor',
      namespace: 'kube-system',
      node: 'n1',
      service: 'kubelet',
    });
    expect(jobNamed('kubelet/cadvisor').client.tls.insecureSkipVerify).toBe(true);
    expect(jobNamed('kubelet/cadvisor').honorTimestamps).toBe(false);
  });

  it('are scraped through the API server, below its path', () => {
    const job = jobNamed('kubelet/metrics', { nodeAccess: 'proxy' });
    expect(targetOf(job, '10.0.0.1:10250', node)).toMatchObject({
      url: 'https://api.example.com:6443/k8s/clusters/x/api/v1/nodes/n1/proxy/metrics',
      instance: '10.0.0.1:10250',
      metrics_path: '/metrics',
      node: 'n1',
    });
    expect(job.client.tls.insecureSkipVerify).toBe(false);
  });

  it('of virtual nodes may be silent', () => {
    const virtual = { ...node, __meta_kubernetes_node_label_type: 'virtual-kubelet' };
    expect(targetOf(jobNamed('kubelet/cadvisor'), '10.0.0.1:10250', virtual)).toBeUndefined();
    const job = jobNamed('virtual-kubelet/cadvisor');
    expect(targetOf(job, '10.0.0.1:10250', virtual)).toMatchObject({
      job: 'kubelet',
      metrics_path: '/metrics/cadvisor',
    });
    expect(targetOf(job, '10.0.0.1:10250', node)).toBeUndefined();
    expect(job.silentUntilUp).toBe(true);
  });

  it('say the same thing once', () => {
    const { metricRelabelConfigs, honorTimestamps } = jobNamed('kubelet/resource');
    const drop = compileRelabel(metricRelabelConfigs);
    const cadvisor = compileRelabel(jobNamed('kubelet/cadvisor').metricRelabelConfigs);
    expect(kept(drop, { __name__: 'container_start_time_seconds' })).toBe(false);
    expect(nameOf(drop, 'container_cpu_usage_seconds_total')).toBe('kubelet_container_cpu_usage_seconds_total');
    expect(nameOf(drop, 'container_memory_working_set_bytes')).toBe('kubelet_container_memory_working_set_bytes');
    expect(honorTimestamps).toBe(true);
    expect(kept(drop, { __name__: 'node_cpu_usage_seconds_total' })).toBe(true);
    expect(kept(cadvisor, { __name__: 'container_cpu_usage_seconds_total', pod: 'p' })).toBe(true);
    expect(kept(cadvisor, { __name__: 'container_tasks_state', pod: 'p', container: 'c' })).toBe(false);
    expect(kept(cadvisor, { __name__: 'container_spec_memory_limit_bytes', pod: 'p' })).toBe(false);
    expect(kept(cadvisor, { __name__: 'container_fs_usage_bytes', pod: 'p', container: 'POD' })).toBe(false);
    expect(kept(cadvisor, { __name__: 'container_network_receive_bytes_total', pod: 'p', container: 'POD' })).toBe(
      true,
    );
    expect(kept(cadvisor, { __name__: 'container_memory_working_set_bytes', pod: 'p' })).toBe(true);
    expect(kept(cadvisor, { __name__: 'container_memory_cache', id: '/' })).toBe(true);
    expect(kept(cadvisor, { __name__: 'container_spec_memory_limit_bytes', pod: 'p', container: 'c' })).toBe(true);
    expect(kept(cadvisor, { __name__: 'container_start_time_seconds', id: '/' })).toBe(true);
  });
});

describe('the API server', () => {
  it('is found by its service', () => {
    const labels = { __meta_kubernetes_endpointslice_port_name: 'https' };
    expect(targetOf(jobNamed('apiserver'), '10.0.0.1:6443', labels)).toEqual({
      url: 'https://10.0.0.1:6443/metrics',
      cluster: 'c1',
      endpoint: 'https',
      instance: '10.0.0.1:6443',
      job: 'apiserver',
      namespace: 'default',
      service: 'kubernetes',
    });
    expect(jobNamed('apiserver').client.tls.serverName).toBe('kubernetes');
  });

  it('is the one that is talked to anyway from outside', () => {
    const job = jobNamed('apiserver', { nodeAccess: 'proxy' });
    const [discovery] = job.discovery;
    if (discovery?.kind !== 'static') throw new Error('expected a static target');
    expect(targetOf(job, String(discovery.groups[0]!.targets[0]), {})).toMatchObject({
      url: 'https://api.example.com:6443/k8s/clusters/x/metrics',
      instance: 'api.example.com:6443',
    });
  });
});

describe('the control plane', () => {
  it('is found by the labels of its pods, at ports that they need not declare', () => {
    const job = jobNamed('kube-scheduler');
    const labels = { ...pod, __meta_kubernetes_pod_label_component: 'kube-scheduler' };
    expect(targetOf(job, '10.0.0.7', labels)).toEqual({
      url: 'https://10.0.0.7:10259/metrics',
      cluster: 'c1',
      container: 'main',
      endpoint: 'https-metrics',
      instance: '10.0.0.7:10259',
      job: 'kube-scheduler',
      namespace: 'kube-system',
      pod: 'p1',
    });
    expect(targetOf(job, '10.0.0.7', { ...labels, __meta_kubernetes_pod_ip: 'fd00::7' })).toMatchObject({
      url: 'https://[fd00::7]:10259/metrics',
    });
    expect(targetOf(job, '10.0.0.7', { ...pod, __meta_kubernetes_pod_label_component: 'etcd' })).toBeUndefined();
    expect(job.silentUntilUp).toBe(true);
    const dns = { ...pod, __meta_kubernetes_pod_label_k8s_app: 'kube-dns' };
    expect(targetOf(jobNamed('kube-dns'), '10.0.0.7:53', dns)).toMatchObject({ url: 'http://10.0.0.7:9153/metrics' });
  });

  it('goes through the API server too', () => {
    const labels = { ...pod, __meta_kubernetes_pod_label_component: 'kube-scheduler' };
    expect(targetOf(jobNamed('kube-scheduler', { nodeAccess: 'proxy' }), '10.0.0.7', labels)).toMatchObject({
      url: 'https://api.example.com:6443/k8s/clusters/x/api/v1/namespaces/kube-system/pods/https:p1:10259/proxy/metrics',
      instance: '10.0.0.7:10259',
    });
  });
});

describe('exporters', () => {
  const port = (name: string, number: string) => ({
    __meta_kubernetes_pod_container_port_name: name,
    __meta_kubernetes_pod_container_port_number: number,
  });

  it('of nodes have the node as their instance', () => {
    expect(targetOf(jobNamed('node-exporter'), '10.0.0.1:9100', { ...pod, ...port('https', '9100') })).toEqual({
      url: 'https://10.0.0.1:9100/metrics',
      cluster: 'c1',
      container: 'main',
      endpoint: 'https',
      instance: 'n1',
      job: 'node-exporter',
      namespace: 'kube-system',
      pod: 'p1',
    });
    expect(targetOf(jobNamed('node-exporter'), '10.0.0.1:9100', { ...pod, ...port('', '9100') })).toMatchObject({
      url: 'http://10.0.0.1:9100/metrics',
    });
    expect(targetOf(jobNamed('node-exporter'), '10.0.0.1:8888', { ...pod, ...port('debug', '8888') })).toBeUndefined();
    const ended = { ...pod, ...port('metrics', '9100'), __meta_kubernetes_pod_phase: 'Succeeded' };
    expect(targetOf(jobNamed('node-exporter'), '10.0.0.1:9100', ended)).toBeUndefined();
  });

  it('of GPUs keep the labels that say whose process it is', () => {
    const job = jobNamed('dcgm-exporter', { nodeAccess: 'proxy' });
    expect(job.honorLabels).toBe(true);
    expect(targetOf(job, '10.0.0.7:9400', { ...pod, ...port('metrics', '9400') })).toMatchObject({
      url: 'https://api.example.com:6443/k8s/clusters/x/api/v1/namespaces/kube-system/pods/p1:9400/proxy/metrics',
      node: 'n1',
      job: 'dcgm-exporter',
    });
  });
});

function nameOf(relabel: ReturnType<typeof compileRelabel>, name: string): string | undefined {
  return relabel(Labels.from({ __name__: name }))?.metric;
}

function kept(relabel: ReturnType<typeof compileRelabel>, labels: Record<string, string>): boolean {
  return relabel(Labels.from(labels)) !== undefined;
}
