import { QueryError } from '../query-result.ts';
import type { Resource } from './inventory.ts';

/** Which rows of a list, in which order. */
export interface ListRequest {
  /** Columns that must have one of some values. */
  readonly equal: readonly { readonly column: string; readonly values: ReadonlySet<string> }[];
  /** In lower case; `abnormal` stands for all rows that are. None: any status. */
  readonly statuses: ReadonlySet<string>;
  /** In lower case; all of them must be in the text columns. */
  readonly words: readonly string[];
  readonly text: readonly string[];
  /** sign -1: the largest first. */
  readonly sort: readonly { readonly column: string; readonly sign: 1 | -1 }[];
  readonly limit: number;
  readonly offset: number;
}

/** What can be asked of a list: parameters with the columns that they choose by, columns of text and of numbers. */
interface Shape {
  readonly equal: Readonly<Record<string, string>>;
  readonly text: readonly string[];
  readonly numbers: readonly string[];
}

const CPU_AND_MEMORY = ['cpu', 'memory', 'restarts', 'age'];
const NETWORK = ['networkReceive', 'networkTransmit'];
const PERCENT_OF_MACHINE = ['cpuPercent', 'cpuAllocatable', 'cpuRequested', 'cpuRequestedPercent'];
const MACHINE = [...PERCENT_OF_MACHINE, ...PERCENT_OF_MACHINE.map((column) => column.replace('cpu', 'memory'))];
const POD_PARTS = ['cpuOfRequest', 'cpuOfLimit', 'memoryOfRequest', 'memoryOfLimit'];

const SHAPES: Readonly<Record<Resource, Shape>> = {
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
};

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 5_000;
const PAGING = ['status', 'filter', 'sort', 'limit', 'offset'];

/** What a request calls the cluster that has no name. */
const UNNAMED = '-';

/** Throws a bad_data QueryError that names the rule that a parameter breaks. An empty parameter counts as absent. */
export function parseListRequest(resource: Resource, parameters: URLSearchParams): ListRequest {
  const shape = SHAPES[resource];
  const known = [...Object.keys(shape.equal), ...PAGING];
  const equal = new Map<string, Set<string>>();
  for (const [name, value] of parameters) {
    if (!known.includes(name)) {
      throw invalid(name, `${resource} take ${known.join(', ')}`);
    }
    if (value === '') continue;
    const column = shape.equal[name];
    if (column === undefined) continue;
    const wanted = name === 'cluster' && value === UNNAMED ? '' : value;
    equal.set(column, (equal.get(column) ?? new Set()).add(wanted));
  }
  const words = (parameters.get('filter') ?? '').toLowerCase().split(/\s+/);
  const statuses = parameters.getAll('status').map((status) => status.toLowerCase());
  const limit = whole('limit', parameters, DEFAULT_LIMIT);
  if (limit > MAX_LIMIT) throw invalid('limit', `limit must be at most ${MAX_LIMIT}, got ${limit}`);
  return {
    equal: [...equal].map(([column, values]) => ({ column, values })),
    statuses: new Set(statuses.filter((status) => status !== '')),
    words: words.filter((word) => word !== ''),
    text: shape.text,
    sort: sortOf(resource, parameters.get('sort') ?? ''),
    limit,
    offset: whole('offset', parameters, 0),
  };
}

/** Columns separated by commas, the most important first; with a minus the largest first. */
function sortOf(resource: Resource, sort: string): ListRequest['sort'] {
  const columns = [...SHAPES[resource].text, ...SHAPES[resource].numbers, 'abnormal'];
  return sort
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const column = part.replace(/^-/, '');
      if (columns.includes(column)) return { column, sign: part === column ? 1 : -1 };
      throw invalid('sort', `${resource} are sorted by ${columns.join(', ')}, got ${JSON.stringify(column)}`);
    });
}

function whole(name: string, parameters: URLSearchParams, fallback: number): number {
  const text = parameters.get(name) ?? '';
  if (text === '') return fallback;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalid(name, `${name} must be a whole number that is not negative, got ${JSON.stringify(text)}`);
}

function invalid(name: string, reason: string): QueryError {
  return new QueryError('bad_data', `invalid parameter ${JSON.stringify(name)}: ${reason}`);
}
