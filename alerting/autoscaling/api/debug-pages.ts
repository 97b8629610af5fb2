import type { MetricsProvider, UsageProvider } from '../metrics-provider.ts';
import { noSuchPath } from './api-error.ts';
import { objectSelectors, objectTarget } from './custom-metrics.ts';
import type { KindLookup } from './object-kind.ts';
import { checkMetricName, checkNamespace, checkObjectName } from './object-name.ts';
import { pathText } from './path-segments.ts';
import { selectorParameter } from './request-parameters.ts';
import { type Route, textAnswer } from './route.ts';

export interface DebugPagesOptions {
  readonly metrics: MetricsProvider;
  readonly usage: UsageProvider;
  readonly kinds?: KindLookup | undefined;
}

/**
 * Pages for people that say why something is, or is not, served. Whoever may get the path may see them.
 *
 *     /debug/autoscaling/pods/{ns}/{name}                  a pod in metrics.k8s.io
 *     /debug/autoscaling/nodes/{name}                      a node in it
 *     /debug/autoscaling/{resource}/{ns}/{name}/{metric}   a custom metric of an object; without {ns} where it has none
 *     /debug/autoscaling/external/{ns}/{metric}            an external metric; also with ?labelSelector=
 */
export function debugRoute(segments: readonly string[], options: DebugPagesOptions): Route | undefined {
  if (segments[0] !== 'debug' || segments[1] !== 'autoscaling') return undefined;
  const answer = pageOf(segments.slice(2), options);
  return { access: { verb: 'get', path: pathText(segments) }, api: 'debug', answer };
}

function pageOf(rest: readonly string[], { metrics, usage, kinds }: DebugPagesOptions): Route['answer'] {
  const [resource = '', first = '', second = '', third = ''] = rest;
  if (resource === 'nodes' && rest.length === 2) {
    checkObjectName(first);
    return () => textAnswer(usage.explainNode(first));
  }
  if (resource === 'pods' && rest.length === 3) {
    checkNamespace(first);
    checkObjectName(second);
    return () => textAnswer(usage.explainPod(first, second));
  }
  if (resource === 'external' && rest.length === 3) {
    checkNamespace(first);
    checkMetricName(second);
    return async ({ query, signal }) => {
      const selector = selectorParameter(query, 'labelSelector');
      return textAnswer(await metrics.explain({ namespace: first, metric: second, selector }, signal));
    };
  }
  const place =
    rest.length === 4
      ? ['namespaces', first, resource, second, third]
      : rest.length === 3
        ? [resource, first, second]
        : undefined;
  const target = place && objectTarget(place, kinds);
  if (target === undefined) return () => Promise.reject(noSuchPath());
  return async ({ query, signal }) =>
    textAnswer(await metrics.explain({ ...target, ...objectSelectors(target, query) }, signal));
}
