import { EVERYTHING, type LabelSelector } from '../label-selector.ts';
import type { MetricsProvider, ObjectQuestion, ObjectValue } from '../metrics-provider.ts';
import { metricQuantity } from '../quantity.ts';
import { apiErrorOf, badRequest, noSuchPath } from './api-error.ts';
import { chooseForm } from './media-type.ts';
import { type KindLookup, type ObjectKind, objectKind } from './object-kind.ts';
import { checkMetricName, checkNamespace, checkObjectName } from './object-name.ts';
import { refuseWatch, selectorParameter, single } from './request-parameters.ts';
import type { Route } from './route.ts';
import { selectorJson } from './selector-json.ts';
import { type Column, type ListRow, listAnswer, TABLE_FORMS } from './table.ts';
import { wireTime } from './wire-time.ts';

export const CUSTOM_GROUP = 'custom.metrics.k8s.io';
export const CUSTOM_VERSIONS = ['v1beta2', 'v1beta1'] as const;
export type CustomVersion = (typeof CUSTOM_VERSIONS)[number];

const COLUMNS: readonly Column[] = [
  { name: 'Name', format: 'name', description: 'Name of the resource' },
  { name: 'MetricsName' },
  { name: 'MetricsValue' },
  { name: 'TimeStamp' },
];

const RESOURCE = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Which objects and which metric a path is about. */
export type ObjectTarget = Pick<ObjectQuestion, 'resource' | 'namespace' | 'name' | 'metric'>;

export interface CustomMetricsOptions {
  readonly metrics: MetricsProvider;
  readonly kinds?: KindLookup | undefined;
}

/**
 * The route of what follows `/apis/custom.metrics.k8s.io/{version}/`; undefined when nothing does so.
 *
 *     namespaces/{ns}/{resource.group}/{name or *}/{metric}
 *     namespaces/{ns}/metrics/{metric}                        of the Namespace object itself
 *     {resource.group}/{name or *}/{metric}                   of what is in no namespace
 */
export function customRoute(
  version: CustomVersion,
  rest: readonly string[],
  options: CustomMetricsOptions,
): Route | undefined {
  const target = objectTarget(rest, options.kinds);
  if (target === undefined) return undefined;
  const { resource, namespace, name, metric } = target;
  // A Namespace's metrics are in it for authorization, as the API server in front sees it too.
  const about =
    rest.length === 4 && rest[2] === 'metrics'
      ? { resource: 'metrics', subresource: '', namespace: rest[1]!, name: metric }
      : { resource, subresource: metric, namespace, name: name ?? '' };
  return {
    access: { verb: 'get', group: CUSTOM_GROUP, version, ...about },
    api: 'custom',
    async answer({ query, accept, signal }) {
      const form = chooseForm(accept, TABLE_FORMS);
      refuseWatch(query);
      const selectors = objectSelectors(target, query);
      const question: ObjectQuestion = { ...target, ...selectors };
      let values: readonly ObjectValue[];
      try {
        values = await options.metrics.objects(question, signal);
      } catch (error) {
        throw apiErrorOf(error, { name: name ?? metric, group: CUSTOM_GROUP, kind: resource }) ?? error;
      }
      const kind = objectKind(resource, options.kinds);
      return listAnswer(
        {
          kind: 'MetricValueList',
          apiVersion: `${CUSTOM_GROUP}/${version}`,
          columns: COLUMNS,
          rows: rowsOf(values, { version, kind, metric, selector: selectorJson(selectors.metricSelector) }),
        },
        form,
        query,
      );
    },
  };
}

/** Undefined when the path has another shape. Throws a 400 or a 404 for names that nothing can have. */
export function objectTarget(rest: readonly string[], kinds?: KindLookup): ObjectTarget | undefined {
  if (rest.length === 4 && rest[0] === 'namespaces' && rest[2] === 'metrics') {
    return targetOf({ resource: 'namespaces', namespace: '', name: rest[1]!, metric: rest[3]! }, kinds);
  }
  if (rest.length === 5 && rest[0] === 'namespaces') {
    const [, namespace, resource, name, metric] = rest as [string, string, string, string, string];
    return targetOf({ resource, namespace, name, metric }, kinds);
  }
  if (rest.length !== 3) return undefined;
  const [resource, name, metric] = rest as [string, string, string];
  return targetOf({ resource, namespace: '', name, metric }, kinds);
}

/** `*` is all objects. */
function targetOf(given: ObjectTarget & { readonly name: string }, kinds?: KindLookup): ObjectTarget {
  const { resource, namespace, name, metric } = given;
  if (resource.length > 253 || !RESOURCE.test(resource)) throw noSuchPath();
  const { namespaced } = objectKind(resource, kinds);
  if (namespaced !== undefined && namespaced !== (namespace !== '')) throw noSuchPath();
  if (namespace !== '') checkNamespace(namespace);
  checkMetricName(metric);
  if (name === '*') return { resource, namespace, name: undefined, metric };
  if (resource === 'namespaces') checkNamespace(name);
  checkObjectName(name);
  return given;
}

/** The selectors of a question: `labelSelector` over the objects, `metricLabelSelector` over the metric. Throws a 400. */
export function objectSelectors(
  { name }: ObjectTarget,
  query: URLSearchParams,
): { readonly selector: LabelSelector; readonly metricSelector: LabelSelector } {
  const metricSelector = selectorParameter(query, 'metricLabelSelector');
  if (single(query, 'fieldSelector') !== '') throw badRequest('fieldSelector must not be given for metrics of objects');
  const selector = selectorParameter(query, 'labelSelector');
  if (name === undefined) return { selector, metricSelector };
  if (selector.length > 0) throw badRequest('labelSelector must be given only with * in place of a name');
  return { selector: EVERYTHING, metricSelector };
}

interface RowContext {
  readonly version: CustomVersion;
  readonly kind: ObjectKind;
  readonly metric: string;
  readonly selector: object | null;
}

function* rowsOf(values: readonly ObjectValue[], context: RowContext): Iterable<ListRow> {
  const { version, kind, metric, selector } = context;
  for (const { namespace, name, value, timestamp, window } of values) {
    const describedObject = {
      kind: kind.kind,
      ...(namespace !== '' && { namespace }),
      name,
      apiVersion: kind.apiVersion,
    };
    const seconds = Math.round(window / 1000);
    const time = wireTime(timestamp);
    yield {
      object: () =>
        version === 'v1beta2'
          ? {
              describedObject,
              metric: { name: metric, selector },
              timestamp: time,
              windowSeconds: seconds,
              value: metricQuantity(value),
            }
          : {
              describedObject,
              metricName: metric,
              timestamp: time,
              window: seconds,
              value: metricQuantity(value),
              selector,
            },
      cells: () => {
        const place = namespace === '' ? '' : `${namespace}/`;
        return [`${place}${kind.kind}/${name}`, metric, metricQuantity(value), time];
      },
      metadata: () => ({ name, ...(namespace !== '' && { namespace }) }),
    };
  }
}
