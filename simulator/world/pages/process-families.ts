import { COLUMN } from '../load/columns.ts';
import type { Meters } from '../load/meters.ts';
import { exponential, writeHistogram } from './histogram.ts';
import type { PageWriter } from './page-writer.ts';
import { steadyGrowth } from './steady-growth.ts';

export interface ProcessOptions {
  readonly meters: Meters;
  /** The meter of the process. */
  readonly row: number;
  readonly startedAt: number;
  readonly now: number;
  readonly goroutines: number;
}

/** What every Go program with Prometheus' client says of itself. */
export function writeProcess(writer: PageWriter, { meters, row, startedAt, now, goroutines }: ProcessOptions): void {
  const cpu = meters.value(row, COLUMN.cpuUser, now) + meters.value(row, COLUMN.cpuSystem, now);
  const rss = meters.value(row, COLUMN.rss, now);
  const single = (type: 'counter' | 'gauge', name: string, ...[help, value]: [string, number]) => {
    writer.family(name, type, help);
    writer.sample(name, value);
  };
  writer.family('go_info', 'gauge', 'Information about the Go environment.');
  writer.sample('go_info{version="go1.24.5"}', 1);
  single('gauge', 'go_goroutines', 'Number of goroutines that currently exist.', goroutines);
  single(
    'gauge',
    'go_memstats_alloc_bytes',
    'Number of bytes allocated in heap and currently in use.',
    Math.round(rss * 0.45),
  );
  single(
    'counter',
    'process_cpu_seconds_total',
    'Total user and system CPU time spent in seconds.',
    Math.round(cpu * 100) / 100,
  );
  single('gauge', 'process_max_fds', 'Maximum number of open file descriptors.', 1_048_576);
  single('gauge', 'process_open_fds', 'Number of open file descriptors.', 10 + Math.round(goroutines / 9));
  single('gauge', 'process_resident_memory_bytes', 'Resident memory size in bytes.', rss);
  single(
    'gauge',
    'process_start_time_seconds',
    'Start time of the process since unix epoch in seconds.',
    Math.round(startedAt / 10) / 100,
  );
  single('gauge', 'process_virtual_memory_bytes', 'Virtual memory size in bytes.', 1.3e9 + rss);
}

export interface ClientOptions {
  readonly since: number;
  readonly now: number;
  readonly key: string;
  /** Requests per second. */
  readonly rate: number;
}

/** What Kubernetes' components say of their requests to the API server, and of themselves. */
export function writeClient(writer: PageWriter, { since, now, key, rate }: ClientOptions): void {
  writer.family(
    'kubernetes_build_info',
    'gauge',
    "[BETA] A metric with a constant '1' value labeled by build information.",
  );
  writer.sample(
    'kubernetes_build_info{build_date="2026-01-01T00:00:00Z",compiler="gc",git_commit="0000000000000000000000000000000000000000",git_tree_state="clean",git_version="v1.33.4",go_version="go1.24.5",major="1",minor="33",platform="linux/amd64"}',
    1,
  );
  const methods = [
    ['GET', '200', 0.5],
    ['PUT', '200', 0.3],
    ['PATCH', '200', 0.12],
    ['POST', '201', 0.06],
    ['GET', '404', 0.01],
    ['PUT', '409', 0.004],
    ['GET', '500', 0.0005],
  ] as const;
  const count = (method: string, code: string, share: number) =>
    Math.floor(steadyGrowth(rate * share, { since, now, key: `${key}/client/${method}/${code}` }));
  writer.family(
    'rest_client_requests_total',
    'counter',
    '[ALPHA] Number of HTTP requests, partitioned by status code, method, and host.',
  );
  for (const [method, code, share] of methods) {
    writer.sample(
      `rest_client_requests_total{code="${code}",host="10.0.0.10:6443",method="${method}"}`,
      count(method, code, share),
    );
  }
  const name = 'rest_client_request_duration_seconds';
  writer.family(name, 'histogram', '[ALPHA] Request latency in seconds. Broken down by verb, and host.');
  for (const [method, code, share] of methods.slice(0, 4)) {
    const labels = `host="10.0.0.10:6443",verb="${method}"`;
    writeHistogram(writer, name, { labels, bounds: CLIENT_BOUNDS, count: count(method, code, share), median: 0.004 });
  }
}

const CLIENT_BOUNDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

export interface QueueOptions {
  readonly since: number;
  readonly now: number;
  readonly key: string;
  /** Additions per second, by name of the queue. */
  readonly queues: Readonly<Record<string, number>>;
}

/** Work queues of controllers. */
export function writeWorkqueues(writer: PageWriter, { since, now, key, queues }: QueueOptions): void {
  const count = (name: string) => Math.floor(steadyGrowth(queues[name]!, { since, now, key: `${key}/queue/${name}` }));
  const names = Object.keys(queues);
  writer.family('workqueue_adds_total', 'counter', '[ALPHA] Total number of adds handled by workqueue');
  for (const name of names) writer.sample(`workqueue_adds_total{name="${name}"}`, count(name));
  writer.family('workqueue_depth', 'gauge', '[ALPHA] Current depth of workqueue');
  for (const name of names) writer.sample(`workqueue_depth{name="${name}"}`, 0);
  for (const [family, median] of [
    ['workqueue_queue_duration_seconds', 0.00002],
    ['workqueue_work_duration_seconds', 0.0008],
  ] as const) {
    writer.family(family, 'histogram', '[ALPHA] How long in seconds an item stays in workqueue, or takes.');
    for (const name of names) {
      writeHistogram(writer, family, { labels: `name="${name}"`, bounds: QUEUE_BOUNDS, count: count(name), median });
    }
  }
}

const QUEUE_BOUNDS = exponential(1e-8, 10, 10);
