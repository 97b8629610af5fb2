import type { ExternalValue, MetricsProvider } from '../metrics-provider.ts';
import { metricQuantity } from '../quantity.ts';
import { apiErrorOf } from './api-error.ts';
import { chooseForm } from './media-type.ts';
import { checkMetricName, checkNamespace } from './object-name.ts';
import { refuseWatch, selectorParameter } from './request-parameters.ts';
import type { Route } from './route.ts';
import { type Column, type ListRow, listAnswer, TABLE_FORMS } from './table.ts';
import { wireTime } from './wire-time.ts';

export const EXTERNAL_GROUP = 'external.metrics.k8s.io';
export const EXTERNAL_VERSION = 'v1beta1';

const COLUMNS: readonly Column[] = [
  { name: 'MetricsName', format: 'name' },
  { name: 'Labels' },
  { name: 'MetricsValue' },
  { name: 'TimeStamp' },
];

/** The route of what follows `/apis/external.metrics.k8s.io/v1beta1/`: `namespaces/{ns}/{metric}`; undefined for anything else. */
export function externalRoute(rest: readonly string[], metrics: MetricsProvider): Route | undefined {
  if (rest.length !== 3 || rest[0] !== 'namespaces') return undefined;
  const [, namespace, metric] = rest as [string, string, string];
  checkNamespace(namespace);
  checkMetricName(metric);
  return {
    // Without a name it is a list, for the API server in front too.
    access: {
      verb: 'list',
      group: EXTERNAL_GROUP,
      version: EXTERNAL_VERSION,
      resource: metric,
      subresource: '',
      namespace,
      name: '',
    },
    api: 'external',
    async answer({ query, accept, signal }) {
      const form = chooseForm(accept, TABLE_FORMS);
      refuseWatch(query);
      const selector = selectorParameter(query, 'labelSelector');
      let values: readonly ExternalValue[];
      try {
        values = await metrics.external({ namespace, metric, selector }, signal);
      } catch (error) {
        throw apiErrorOf(error, { name: metric, group: EXTERNAL_GROUP, kind: metric }) ?? error;
      }
      return listAnswer(
        {
          kind: 'ExternalMetricValueList',
          apiVersion: `${EXTERNAL_GROUP}/${EXTERNAL_VERSION}`,
          columns: COLUMNS,
          rows: rowsOf(values, metric),
        },
        form,
        query,
      );
    },
  };
}

function* rowsOf(values: readonly ExternalValue[], metric: string): Iterable<ListRow> {
  for (const { labels, value, timestamp, window } of values) {
    const time = wireTime(timestamp);
    yield {
      object: () => ({
        metricName: metric,
        metricLabels: Object.fromEntries(labels),
        timestamp: time,
        window: Math.round(window / 1000),
        value: metricQuantity(value),
      }),
      cells: () => [
        metric,
        [...labels].map(([name, value]) => `${name}=${value}`).join(','),
        metricQuantity(value),
        time,
      ],
      metadata: () => undefined,
    };
  }
}
