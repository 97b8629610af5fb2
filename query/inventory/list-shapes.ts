import type { Resource } from './resources.ts';

/** What can be asked of a list. */
export interface ListShape {
  /** Parameters with the columns that they choose by. */
  readonly equal: Readonly<Record<string, string>>;
  /** Columns that are searched by words and sorted by. */
  readonly text: readonly string[];
  /** Columns that are sorted by. */
  readonly numbers: readonly string[];
  /** Columns that are searched only. */
  readonly searched?: readonly string[];
  /** Columns of `equal` that do not hold back rows without a value. */
  readonly orNone?: readonly string[];
}

const CPU_AND_MEMORY = ['cpu', 'memory', 'restarts', 'age'];
const NETWORK = ['networkReceive', 'networkTransmit'];
const PERCENT_OF_MACHINE = ['cpuPercent', 'cpuAllocatable', 'cpuRequested', 'cpuRequestedPercent'];
const MACHINE = [...PERCENT_OF_MACHINE, ...PERCENT_OF_MACHINE.map((column) => column.replace('cpu', 'memory'))];
const POD_PARTS = ['cpuOfRequest', 'cpuOfLimit', 'memoryOfRequest', 'memoryOfLimit'];

/** Of each list. */
export const SHAPES: Readonly<Record<Resource, ListShape>> = {
  clusters: {
    equal: { cluster: 'cluster' },
    text: ['cluster', 'status', 'version'],
    numbers: [
      ...['cpu', 'memory', 'restarts', ...MACHINE, ...NETWORK, 'nodes', 'nodesReady', 'workloads', 'workloadsAbnormal'],
      ...['pods', 'podsAllocatable', 'podsPending', 'podsRunning', 'podsSucceeded', 'podsFailed', 'podsAbnormal'],
    ],
  },
  nodes: {
    equal: { cluster: 'cluster', node: 'node' },
    text: ['node', 'cluster', 'roles', 'status', 'conditions', 'version', 'ip'],
    numbers: [
      ...[...CPU_AND_MEMORY, ...MACHINE, 'cpuCapacity', 'memoryCapacity', ...NETWORK],
      ...['pods', 'podsAllocatable', 'podsAbnormal'],
    ],
  },
  namespaces: {
    equal: { cluster: 'cluster', namespace: 'namespace' },
    text: ['namespace', 'cluster', 'status'],
    numbers: [
      ...[...CPU_AND_MEMORY, 'cpuOfCluster', 'cpuOfResource', 'cpuRequested'],
      ...['memoryOfCluster', 'memoryOfResource', 'memoryRequested', ...NETWORK],
      ...['workloads', 'workloadsAbnormal', 'pods', 'podsAbnormal'],
    ],
  },
  workloads: {
    equal: { cluster: 'cluster', namespace: 'namespace', kind: 'kind', workload: 'name' },
    text: ['name', 'namespace', 'kind', 'cluster', 'status', 'problem'],
    numbers: [
      ...[...CPU_AND_MEMORY, 'cpuOfResource', 'memoryOfResource', ...NETWORK],
      ...['ready', 'desired', 'updated', 'available', 'pods', 'podsAbnormal'],
    ],
  },
  pods: {
    equal: {
      ...{ cluster: 'cluster', namespace: 'namespace', kind: 'workloadKind', workload: 'workload' },
      ...{ node: 'node', pod: 'pod' },
    },
    text: ['pod', 'namespace', 'workload', 'node', 'status', 'workloadKind', 'phase', 'cluster', 'ip', 'ready'],
    numbers: [
      ...[...CPU_AND_MEMORY, ...POD_PARTS, 'cpuOfNode', 'memoryOfNode', ...NETWORK],
      ...['containers', 'containersReady'],
    ],
  },
  containers: {
    equal: {
      ...{ cluster: 'cluster', namespace: 'namespace', kind: 'workloadKind', workload: 'workload' },
      ...{ node: 'node', pod: 'pod', container: 'container' },
    },
    text: ['container', 'pod', 'namespace', 'workload', 'node', 'status', 'image', 'cluster', 'state', 'reason'],
    numbers: [
      ...['cpu', 'memory', 'restarts', ...POD_PARTS],
      ...['cpuRequest', 'cpuLimit', 'memoryRequest', 'memoryLimit'],
    ],
  },
  targets: {
    equal: { cluster: 'cluster', job: 'job', pool: 'scrapePool' },
    text: ['instance', 'job', 'status', 'scrapePool', 'scrapeUrl', 'cluster'],
    numbers: ['lastScraped', 'lastScrapeDuration', 'samples', 'kept', 'added'],
    searched: ['labels', 'lastError'],
    orNone: ['cluster'],
  },
  alerts: {
    equal: {
      ...{ cluster: 'cluster', namespace: 'namespace', name: 'name', level: 'level', severity: 'severity' },
      ...{ object: 'object', fingerprint: 'fingerprint' },
    },
    text: ['name', 'status', 'severity', 'level', 'object', 'objectKind', 'cluster', 'namespace'],
    numbers: ['rank', 'activeAt'],
    searched: ['labels'],
    orNone: ['cluster'],
  },
  silences: {
    equal: { id: 'id', author: 'createdBy' },
    text: ['status', 'createdBy', 'comment'],
    numbers: ['startsAt', 'endsAt', 'updatedAt'],
    searched: ['selector'],
  },
  metrics: { equal: { name: 'name' }, text: ['name'], numbers: ['series', 'newSeries'] },
  labels: { equal: { name: 'name' }, text: ['name'], numbers: ['series', 'values', 'newValues'] },
};
