import type { ObjectStore } from '../object-store.ts';
import type { ResourceTable } from './resources.ts';

/** What the API server's own page says beside its requests. */
export interface ServerFigures {
  readonly store: ObjectStore;
  readonly resources: ResourceTable;
  /** Watches that are open, events sent to watches, and watches cut because they were slow. */
  readonly running: number;
  readonly sent: number;
  readonly slow: number;
  /** By the name of the APIService. */
  readonly unavailable: ReadonlyMap<string, boolean>;
}

/** The lines of these figures in Prometheus' exposition format, under the names of the real server. */
export function serverMetrics({
  store,
  resources,
  running,
  sent,
  slow,
  unavailable,
}: ServerFigures): readonly string[] {
  const stored = [...new Set(resources.all().map((resource) => resource.stored))].filter(
    (name) => store.count(name) > 0,
  );
  const { user, system } = process.cpuUsage();
  return [
    '# HELP apiserver_longrunning_requests Watches that are open.',
    '# TYPE apiserver_longrunning_requests gauge',
    `apiserver_longrunning_requests{component="apiserver",verb="WATCH"} ${running}`,
    '# HELP apiserver_watch_events_total Events sent to watches.',
    '# TYPE apiserver_watch_events_total counter',
    `apiserver_watch_events_total ${sent}`,
    '# HELP apiserver_terminated_watchers_total Watches that were ended because they were too slow.',
    '# TYPE apiserver_terminated_watchers_total counter',
    `apiserver_terminated_watchers_total ${slow}`,
    '# HELP apiserver_storage_objects Objects stored, by resource.',
    '# TYPE apiserver_storage_objects gauge',
    ...stored.map((name) => `apiserver_storage_objects{resource="${name}"} ${store.count(name)}`),
    '# HELP aggregator_unavailable_apiservice Whether an APIService is not available, by its name.',
    '# TYPE aggregator_unavailable_apiservice gauge',
    ...[...unavailable].map(([name, is]) => `aggregator_unavailable_apiservice{name="${name}"} ${is ? 1 : 0}`),
    '# HELP process_cpu_seconds_total CPU time of the simulating process.',
    '# TYPE process_cpu_seconds_total counter',
    `process_cpu_seconds_total ${(user + system) / 1e6}`,
    '# HELP process_resident_memory_bytes Resident memory of the simulating process.',
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
    '# HELP process_start_time_seconds When the simulating process was started.',
    '# TYPE process_start_time_seconds gauge',
    `process_start_time_seconds ${Math.floor(performance.timeOrigin / 1000)}`,
  ];
}
