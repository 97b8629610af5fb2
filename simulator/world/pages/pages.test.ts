import { describe, expect, it } from 'vitest';
import type { Pod } from '../objects.ts';
import { World } from '../world.ts';
import { goNumber, PageWriter } from './page-writer.ts';

const START = Date.parse('2026-03-04T10:00:00Z');
const KUBELET = ['/metrics', '/metrics/cadvisor', '/metrics/resource', '/metrics/probes'] as const;

interface Page {
  readonly types: ReadonlyMap<string, string>;
  readonly values: ReadonlyMap<string, number>;
}

/** Reads a page strictly: what does not look like the text format fails the test. */
function parse(text: string): Page {
  const types = new Map<string, string>();
  const values = new Map<string, number>();
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.slice(0, -1).split('\n')) {
    if (line.startsWith('# HELP ')) continue;
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line);
    if (type !== null) {
      if (types.has(type[1]!)) throw new Error(`a family is there twice: ${line}`);
      types.set(type[1]!, type[2]!);
      continue;
    }
    const sample = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="[^"\\\n]*",?)*\})? (\S+)(?: (\d{13}))?$/.exec(line);
    if (sample === null) throw new Error(`not a line of the text format: ${line}`);
    const [, name, labels = '', value] = sample;
    if (values.has(name! + labels)) throw new Error(`a series is there twice: ${line}`);
    if (!types.has(name!) && !types.has(name!.replace(/_(bucket|sum|count)$/, ''))) throw new Error(`no TYPE: ${line}`);
    if (Number.isNaN(Number(value!.replace('+Inf', 'Infinity')))) throw new Error(`no number: ${line}`);
    values.set(name! + labels, value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value));
  }
  return { types, values };
}

async function read(
  world: World,
  kind: 'node' | 'pod',
  key: string,
  { path = '/metrics', port }: { path?: string; port?: string } = {},
): Promise<Page> {
  const [namespace = '', name = ''] = key.split('/');
  const answer = await world.proxy({ kind, namespace, name, port, path });
  expect(answer.status, key + path).toBe(200);
  return parse(answer.body.toString('latin1'));
}

/** All pages of a world by what they are of. */
async function allPages(world: World): Promise<Map<string, Page>> {
  const pages = new Map<string, Page>();
  for (const { metadata } of world.store.list('nodes')) {
    for (const path of KUBELET)
      pages.set(`${metadata.name}${path}`, await read(world, 'node', `/${metadata.name}`, { path }));
  }
  for (const pod of world.store.list('pods') as readonly Pod[]) {
    const { namespace, name, uid, annotations, labels } = pod.metadata;
    const component = labels?.component ?? labels?.['k8s-app'] ?? labels?.['app.kubernetes.io/name'];
    const exporter = /^(kube-|etcd$|node-exporter$|dcgm-exporter$)/.test(component ?? '');
    if (!exporter && annotations?.['prometheus.io/scrape'] === undefined) continue;
    const port = exporter && component !== 'kube-dns' ? undefined : annotations?.['prometheus.io/port'];
    pages.set(
      `${namespace}/${name}/${uid}`,
      await read(world, 'pod', `${namespace}/${name}`, port === undefined ? {} : { port }),
    );
  }
  return pages;
}

describe('pages', () => {
  it('are text format, and no counter falls while its process lives', async () => {
    const world = new World({ nodes: 12, pods: 120, seed: 5, start: START });
    const before = await allPages(world);
    expect(before.size).toBeGreaterThan(12 * 4 + 40);
    world.scenarios.churn(0.2);
    world.advance(95_000);
    const after = await allPages(world);
    let compared = 0;
    const fallen: string[] = [];
    for (const [where, { types, values }] of after) {
      for (const [series, value] of values) {
        const name = series.split('{', 1)[0]!;
        const cumulative =
          types.get(name) === 'counter' || types.get(name.replace(/_(bucket|sum|count)$/, '')) === 'histogram';
        const earlier = before.get(where)?.values.get(series);
        if (!cumulative || earlier === undefined) continue;
        compared++;
        if (value < earlier) fallen.push(`${where} ${series}: ${earlier} -> ${value}`);
      }
    }
    expect(fallen).toEqual([]);
    expect(compared).toBeGreaterThan(10_000);
  });

  it('have what the usual rules and dashboards ask for', async () => {
    const world = new World({ nodes: 12, pods: 120, seed: 5, start: START });
    world.advance(30_000);
    const known = new Set<string>();
    for (const { values } of (await allPages(world)).values())
      for (const series of values.keys()) known.add(series.split('{', 1)[0]!);
    const missing = WANTED.filter((name) => !known.has(name));
    expect(missing).toEqual([]);
  });

  it('tell of a node what its containers add up to', async () => {
    const world = new World({ nodes: 12, pods: 120, seed: 5, start: START, housekeeping: 0 });
    world.advance(3 * 60_000);
    const exporter = (world.store.list('pods') as readonly Pod[]).find(
      ({ spec, metadata }) => spec.nodeName === 'worker-01' && metadata.name.startsWith('node-exporter'),
    )!;
    const { values } = await read(world, 'pod', `monitoring/${exporter.metadata.name}`);
    const node = world.truth.node('worker-01')!;
    const modes = [...values].filter(
      ([series]) => series.startsWith('node_cpu_seconds_total{') && /mode="(user|system|softirq)"/.test(series),
    );
    const busy = modes.reduce((sum, [, value]) => sum + value, 0);
    expect(Math.abs(busy / node.cpuSeconds() - 1)).toBeLessThan(0.001);
    expect(values.get('node_memory_MemTotal_bytes')).toBe(node.memory);
    const containers = world.truth.containers().filter((container) => container.node === 'worker-01');
    const cores = containers.reduce((sum, container) => sum + container.cpuCores(), 0);
    expect(node.cpuCores()).toBeGreaterThan(cores);
    expect(node.cpuCores()).toBeLessThan(cores + 0.5);
  });

  it('count the requests of an application exactly', async () => {
    const world = new World({ nodes: 12, pods: 120, seed: 5, start: START });
    world.advance(60_000);
    const pod = world.truth.pods().find(({ workload }) => workload === 'shop/Deployment/frontend')!;
    const { values } = await read(world, 'pod', `shop/${pod.pod}`, { port: '8080' });
    const counted = values.get('http_request_duration_seconds_count{service="frontend"}')!;
    expect(counted).toBe(Math.floor(pod.containers[0]!.requests()));
    expect(counted).toBeGreaterThan(0);
  });

  it('are refused by who is not there', async () => {
    const world = new World({ nodes: 6, pods: 45, seed: 5, start: START });
    await expect(
      world.proxy({
        kind: 'pod',
        namespace: 'kube-system',
        name: 'etcd-control-plane-01',
        port: '1',
        path: '/metrics',
      }),
    ).rejects.toThrow('connection refused');
    world.scenarios.nodeFailure('control-plane-01');
    await expect(
      world.proxy({
        kind: 'pod',
        namespace: 'kube-system',
        name: 'etcd-control-plane-01',
        port: '2381',
        path: '/metrics',
      }),
    ).rejects.toThrow('no route to host');
    await expect(
      world.proxy({ kind: 'node', namespace: '', name: 'control-plane-01', port: undefined, path: '/metrics' }),
    ).rejects.toThrow('no route to host');
  });
});

describe('numbers', () => {
  it('are written as Go writes them', () => {
    const writer = new PageWriter();
    const written = (mantissa: number, scale: number) => {
      writer.decimal(mantissa, scale);
      return writer.take().toString();
    };
    for (const scale of [0, 1, 3, 6]) {
      for (const mantissa of [
        0, 1, 7, 10, 99, 100, 12_345, 999_999, 1_000_000, 1_234_567, 100_000_001, 4_294_967_296, 123_456_789_012_345,
        900_719_925_474_099,
      ]) {
        expect(written(mantissa, scale), `${mantissa} ${scale}`).toBe(goNumber(Number(`${mantissa}e-${scale}`)));
      }
    }
    expect([0.5, 1e21, 123456, 1234567, 0.00001, Number.NaN, -2.5].map(goNumber)).toEqual([
      '0.5',
      '1e+21',
      '123456',
      '1.234567e+06',
      '1e-05',
      'NaN',
      '-2.5',
    ]);
  });
});

const WANTED = `
container_cpu_cfs_periods_total container_cpu_cfs_throttled_periods_total container_cpu_usage_seconds_total container_fs_reads_bytes_total
container_fs_reads_total container_fs_writes_bytes_total container_fs_writes_total container_memory_cache container_memory_rss container_memory_swap
container_memory_working_set_bytes container_network_receive_bytes_total container_network_receive_packets_dropped_total
container_network_receive_packets_total container_network_transmit_bytes_total container_network_transmit_packets_dropped_total
container_network_transmit_packets_total machine_memory_bytes
kubelet_certificate_manager_client_expiration_renew_errors kubelet_certificate_manager_client_ttl_seconds kubelet_certificate_manager_server_ttl_seconds
kubelet_cgroup_manager_duration_seconds_bucket kubelet_node_config_error kubelet_node_name kubelet_pleg_relist_duration_seconds_bucket
kubelet_pleg_relist_interval_seconds_bucket kubelet_pod_start_duration_seconds_bucket kubelet_pod_worker_duration_seconds_bucket
kubelet_running_containers kubelet_running_pods kubelet_runtime_operations_duration_seconds_bucket kubelet_runtime_operations_errors_total
kubelet_runtime_operations_total kubelet_server_expiration_renew_errors kubelet_volume_stats_available_bytes kubelet_volume_stats_capacity_bytes
kubelet_volume_stats_inodes kubelet_volume_stats_inodes_free kubelet_volume_stats_inodes_used kubelet_volume_stats_used_bytes
storage_operation_duration_seconds_bucket storage_operation_errors_total volume_manager_total_volumes prober_probe_total
node_cpu_seconds_total node_disk_io_time_seconds_total node_disk_io_time_weighted_seconds_total node_disk_read_bytes_total node_disk_written_bytes_total
node_exporter_build_info node_filefd_allocated node_filefd_maximum node_filesystem_avail_bytes node_filesystem_files node_filesystem_files_free
node_filesystem_readonly node_filesystem_size_bytes node_load1 node_load5 node_load15 node_memory_Buffers_bytes node_memory_Cached_bytes
node_memory_MemAvailable_bytes node_memory_MemFree_bytes node_memory_MemTotal_bytes node_memory_Slab_bytes node_netstat_TcpExt_TCPSynRetrans
node_netstat_Tcp_CurrEstab node_netstat_Tcp_OutSegs node_netstat_Tcp_RetransSegs node_network_receive_bytes_total node_network_receive_drop_total
node_network_receive_errs_total node_network_receive_packets_total node_network_transmit_bytes_total node_network_transmit_drop_total
node_network_transmit_errs_total node_network_transmit_packets_total node_network_up node_nf_conntrack_entries node_nf_conntrack_entries_limit
node_systemd_unit_state node_textfile_scrape_error node_time_seconds node_timex_maxerror_seconds node_timex_offset_seconds node_timex_sync_status
node_uname_info node_vmstat_pgmajfault
apiserver_client_certificate_expiration_seconds_bucket apiserver_request_sli_duration_seconds_bucket apiserver_request_terminations_total
apiserver_request_total aggregator_unavailable_apiservice aggregator_unavailable_apiservice_total etcd_mvcc_db_total_size_in_bytes etcd_server_has_leader
scheduler_pod_scheduling_sli_duration_seconds_bucket scheduler_scheduling_algorithm_duration_seconds_bucket
scheduler_scheduling_attempt_duration_seconds_bucket scheduler_volume_scheduling_duration_seconds_bucket
kubeproxy_network_programming_duration_seconds_bucket kubeproxy_sync_proxy_rules_duration_seconds_bucket rest_client_request_duration_seconds_bucket
rest_client_requests_total workqueue_adds_total workqueue_depth workqueue_queue_duration_seconds_bucket kubernetes_build_info go_goroutines
process_cpu_seconds_total process_resident_memory_bytes process_start_time_seconds coredns_dns_requests_total
DCGM_FI_DEV_GPU_UTIL DCGM_FI_DEV_FB_USED DCGM_FI_DEV_FB_FREE http_requests_total http_request_duration_seconds_bucket
`
  .trim()
  .split(/\s+/);
