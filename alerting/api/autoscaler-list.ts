import type { BoardedAutoscaler } from '../autoscaling/autoscaler-board.ts';
import { nameOf } from '../autoscaling/autoscalers.ts';
import { invalidParameter } from './api-error.ts';
import { onlyKnown, valuesOf } from './history-parameters.ts';
import { page } from './policy-list.ts';

type Key = (boarded: BoardedAutoscaler) => string | number;

const SORTS: Readonly<Record<string, Key>> = {
  name: ({ autoscaler }) => autoscaler.name,
  namespace: ({ autoscaler }) => autoscaler.namespace,
  currentReplicas: ({ autoscaler }) => autoscaler.currentReplicas ?? -1,
  desiredReplicas: ({ autoscaler }) => autoscaler.desiredReplicas ?? -1,
  lastScale: ({ autoscaler }) => autoscaler.lastScale,
  problems: ({ problems }) => problems.length,
};
const TYPES = ['Resource', 'ContainerResource', 'Pods', 'Object', 'External'] as const;
const PARAMETERS = ['namespace', 'kind', 'type', 'metric', 'problem', 'search', 'sort', 'limit', 'offset'];

/**
 * Some of the autoscalers, as a request asks for them: `namespace`, `kind` (of the target), `type` and `metric` are equal to one of the values
 * given, `problem` is true or false, `search` is part of the namespace, the name or the target's. `sort` is a field, after a minus for the
 * largest first; the rest is by namespace and name. Then `limit` of them from `offset` on. Throws an ApiError or a PolicyError.
 */
export function listedAutoscalers(
  all: readonly BoardedAutoscaler[],
  query: URLSearchParams,
): { readonly autoscalers: readonly BoardedAutoscaler[]; readonly total: number } {
  onlyKnown(query, PARAMETERS);
  const namespaces = valuesOf(query, 'namespace');
  const kinds = valuesOf(query, 'kind');
  const types = valuesOf(query, 'type', TYPES);
  const metrics = valuesOf(query, 'metric');
  const [problem] = valuesOf(query, 'problem', ['true', 'false']);
  const search = (query.get('search') ?? '').toLowerCase();
  const found = all.filter(
    ({ autoscaler: { namespace, name, target }, metrics: own, problems }) =>
      isOneOf(namespaces, namespace) &&
      isOneOf(kinds, target.kind) &&
      (types.length === 0 || own.some(({ wanted }) => types.includes(wanted.type))) &&
      (metrics.length === 0 || own.some(({ wanted }) => metrics.includes(nameOf(wanted)))) &&
      (problem === undefined || problems.length > 0 === (problem === 'true')) &&
      [namespace, name, target.name].some((text) => text.toLowerCase().includes(search)),
  );
  const { offset, limit } = page(query);
  const autoscalers = sorted(found, query.get('sort') || 'namespace').slice(offset, offset + limit);
  return { autoscalers, total: found.length };
}

function isOneOf(values: readonly string[], value: string): boolean {
  return values.length === 0 || values.includes(value);
}

function sorted(all: readonly BoardedAutoscaler[], sort: string): readonly BoardedAutoscaler[] {
  const isDescending = sort.startsWith('-');
  const name = isDescending ? sort.slice(1) : sort;
  const key = Object.hasOwn(SORTS, name) ? SORTS[name]! : undefined;
  if (key === undefined) {
    const known = Object.keys(SORTS).join(', ');
    throw invalidParameter('sort', `expected one of ${known}, maybe after a minus, got ${JSON.stringify(sort)}`);
  }
  const place = ({ autoscaler: { namespace, name } }: BoardedAutoscaler): string => `${namespace}/${name}`;
  const sign = isDescending ? -1 : 1;
  return [...all].sort((a, b) => compare(key(a), key(b)) * sign || compare(place(a), place(b)));
}

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
