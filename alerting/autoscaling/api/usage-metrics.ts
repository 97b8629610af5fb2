import type { NodeUsage, PodUsage, UsageProvider } from '../metrics-provider.ts';
import { cpuQuantity, memoryQuantity } from '../quantity.ts';
import { apiErrorOf } from './api-error.ts';
import { chooseForm } from './media-type.ts';
import { checkNamespace, checkObjectName } from './object-name.ts';
import { type FieldPredicate, fieldParameter, refuseWatch, selectorParameter } from './request-parameters.ts';
import type { ApiRequest, Route } from './route.ts';
import { type Column, type ListRow, listAnswer, objectAnswer, TABLE_FORMS } from './table.ts';
import { wireDuration, wireTime } from './wire-time.ts';

export const USAGE_GROUP = 'metrics.k8s.io';
export const USAGE_VERSION = 'v1beta1';

const API_VERSION = `${USAGE_GROUP}/${USAGE_VERSION}`;
const COLUMNS: readonly Column[] = [
  { name: 'Name', format: 'name', description: 'Name of the resource' },
  { name: 'cpu', format: 'quantity' },
  { name: 'memory', format: 'quantity' },
  { name: 'Window', format: 'duration' },
];

interface UsageTarget {
  readonly resource: 'pods' | 'nodes';
  /** '' for all, and for nodes. */
  readonly namespace: string;
  /** '' for a list. */
  readonly name: string;
}

/**
 * The route of what follows `/apis/metrics.k8s.io/v1beta1/`: `nodes`, `nodes/{name}`, `pods`, `namespaces/{ns}/pods` and
 * `namespaces/{ns}/pods/{name}`; undefined for anything else.
 */
export function usageRoute(rest: readonly string[], usage: UsageProvider): Route | undefined {
  const target = targetOf(rest);
  if (target === undefined) return undefined;
  return {
    access: {
      verb: target.name === '' ? 'list' : 'get',
      group: USAGE_GROUP,
      version: USAGE_VERSION,
      subresource: '',
      ...target,
    },
    api: 'usage',
    async answer(request) {
      const form = chooseForm(request.accept, TABLE_FORMS);
      refuseWatch(request.query);
      const { rows, isList } = await usageRows(target, request, usage);
      const kind = target.resource === 'pods' ? 'PodMetrics' : 'NodeMetrics';
      const list = { kind: isList ? `${kind}List` : kind, apiVersion: API_VERSION, columns: COLUMNS, rows };
      return (isList ? listAnswer : objectAnswer)(list, form, request.query);
    },
  };
}

function targetOf(rest: readonly string[]): UsageTarget | undefined {
  const [first, second = '', third, fourth = ''] = rest;
  let target: UsageTarget | undefined;
  if (first === 'nodes' && rest.length <= 2) target = { resource: 'nodes', namespace: '', name: second };
  else if (first === 'pods' && rest.length === 1) target = { resource: 'pods', namespace: '', name: '' };
  else if (first === 'namespaces' && third === 'pods' && rest.length <= 4) {
    checkNamespace(second);
    target = { resource: 'pods', namespace: second, name: fourth };
  }
  if (target !== undefined && target.name !== '') checkObjectName(target.name);
  return target;
}

async function usageRows(
  { resource, namespace, name }: UsageTarget,
  { query, signal }: ApiRequest,
  usage: UsageProvider,
): Promise<{ readonly rows: Iterable<ListRow>; readonly isList: boolean }> {
  const isList = name === '';
  try {
    if (!isList) {
      const row =
        resource === 'pods'
          ? podRow(await usage.pod(namespace, name, signal))
          : nodeRow(await usage.node(name, signal));
      return { rows: [row], isList };
    }
    const selector = selectorParameter(query, 'labelSelector');
    const fields = fieldParameter(query);
    const rows =
      resource === 'pods'
        ? rowsOf(await usage.pods(namespace, selector, signal), fields, podRow)
        : rowsOf(await usage.nodes(selector, signal), fields, nodeRow);
    return { rows, isList };
  } catch (error) {
    throw apiErrorOf(error, { ...(!isList && { name }), group: USAGE_GROUP, kind: resource }) ?? error;
  }
}

function* rowsOf<T extends PodUsage | NodeUsage>(
  usages: readonly T[],
  fields: FieldPredicate,
  row: (usage: T) => ListRow,
): Iterable<ListRow> {
  for (const usage of usages) if (fields(usage)) yield row(usage);
}

function podRow(pod: PodUsage): ListRow {
  const metadata = metadataOf(pod);
  return {
    object: () => ({
      kind: 'PodMetrics',
      apiVersion: API_VERSION,
      metadata,
      timestamp: wireTime(pod.timestamp),
      window: wireDuration(pod.window),
      containers: pod.containers.map((container) => ({ name: container.name, usage: usageOf(container) })),
    }),
    cells: () => {
      const cpu = pod.containers.reduce((sum, container) => sum + container.cpu, 0);
      const memory = pod.containers.reduce((sum, container) => sum + container.memory, 0);
      return [pod.name, cpuQuantity(cpu), memoryQuantity(memory), wireDuration(pod.window)];
    },
    metadata: () => metadata,
  };
}

function nodeRow(node: NodeUsage): ListRow {
  const metadata = metadataOf(node);
  return {
    object: () => ({
      kind: 'NodeMetrics',
      apiVersion: API_VERSION,
      metadata,
      timestamp: wireTime(node.timestamp),
      window: wireDuration(node.window),
      usage: usageOf(node),
    }),
    cells: () => [node.name, cpuQuantity(node.cpu), memoryQuantity(node.memory), wireDuration(node.window)],
    metadata: () => metadata,
  };
}

function metadataOf(usage: PodUsage | NodeUsage): object {
  const { name, labels, created } = usage;
  return {
    name,
    ...('namespace' in usage && { namespace: usage.namespace }),
    creationTimestamp: wireTime(created),
    ...(Object.keys(labels).length > 0 && { labels }),
  };
}

function usageOf({ cpu, memory }: { readonly cpu: number; readonly memory: number }): object {
  return { cpu: cpuQuantity(cpu), memory: memoryQuantity(memory) };
}
