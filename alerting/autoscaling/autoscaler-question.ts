import type { Autoscaler, AutoscalerMetric } from './autoscaler.ts';
import { EVERYTHING, type LabelSelector } from './label-selector.ts';
import type { ExternalQuestion, ObjectQuestion } from './metrics-provider.ts';
import { inOrder } from './selector-object.ts';

/** What the controller of autoscalers asks for one of their metrics. */
export type AutoscalerQuestion =
  | { readonly api: 'custom'; readonly question: ObjectQuestion }
  | { readonly api: 'external'; readonly question: ExternalQuestion }
  | { readonly api: 'resource'; readonly namespace: string; readonly selector: LabelSelector };

/** A custom or external metric, as whoever evaluates it must know it. */
export interface NamedMetric {
  readonly api: 'custom' | 'external';
  readonly name: string;
  /** Of a custom metric; '' of an external one. */
  readonly resource: string;
  /** Where the objects are, or who asks for an external metric; '' for what is in no namespace. */
  readonly namespace: string;
  /** Over the metric's labels. */
  readonly selector: LabelSelector;
}

/** Undefined when it cannot be known, since the target's pods are not, or when it is of no known type. */
export function questionOf(
  { namespace, pods }: Pick<Autoscaler, 'namespace' | 'pods'>,
  wanted: AutoscalerMetric,
): AutoscalerQuestion | undefined {
  if (wanted.fault !== undefined) return undefined;
  switch (wanted.type) {
    case 'Resource':
    case 'ContainerResource':
      return pods && { api: 'resource', namespace, selector: pods };
    case 'Pods': {
      const { metric, selector: metricSelector } = wanted;
      if (pods === undefined) return undefined;
      const question = { resource: 'pods', namespace, name: undefined, selector: pods, metric, metricSelector };
      return { api: 'custom', question };
    }
    case 'Object': {
      const { metric, selector: metricSelector, object } = wanted;
      const resource = resourceOf(object);
      const ofObject = { resource, namespace: resource === 'namespaces' ? '' : namespace, name: object.name };
      return { api: 'custom', question: { ...ofObject, selector: EVERYTHING, metric, metricSelector } };
    }
    case 'External':
      return { api: 'external', question: { namespace, metric: wanted.metric, selector: wanted.selector } };
    case 'unknown':
      return undefined;
    default:
      return wanted satisfies never;
  }
}

/** The metric that must be evaluated for it, whichever pods the target has; undefined when there is none, or its selector is wrong. */
export function namedMetric(
  { namespace }: Pick<Autoscaler, 'namespace'>,
  wanted: AutoscalerMetric,
): NamedMetric | undefined {
  if (wanted.fault !== undefined) return undefined;
  switch (wanted.type) {
    case 'Pods':
      return { api: 'custom', name: wanted.metric, resource: 'pods', namespace, selector: wanted.selector };
    case 'Object': {
      const { metric: name, selector, object } = wanted;
      const resource = resourceOf(object);
      // A namespace is in itself.
      const place = resource === 'namespaces' ? object.name : namespace;
      return { api: 'custom', name, resource, namespace: place, selector };
    }
    case 'External':
      return { api: 'external', name: wanted.metric, resource: '', namespace, selector: wanted.selector };
    case 'Resource':
    case 'ContainerResource':
    case 'unknown':
      return undefined;
    default:
      return wanted satisfies never;
  }
}

/** Equal for questions that mean the same. */
export function questionKey(asked: AutoscalerQuestion): string {
  switch (asked.api) {
    case 'custom': {
      const { resource, namespace, name, selector, metric, metricSelector } = asked.question;
      const ofObjects = [resource, resource === 'namespaces' ? '' : namespace, name ?? null, inOrder(selector)];
      return JSON.stringify(['custom', metric, ...ofObjects, inOrder(metricSelector)]);
    }
    case 'external': {
      const { namespace, metric, selector } = asked.question;
      return JSON.stringify(['external', metric, namespace, inOrder(selector)]);
    }
    case 'resource':
      return JSON.stringify(['resource', asked.namespace, inOrder(asked.selector)]);
    default:
      return asked satisfies never;
  }
}

/**
 * The resource of a kind, as Kubernetes makes it up where it has nothing to look it up in.
 *
 *     apps/v1 Deployment -> deployments.apps      v1 Service -> services      networking.k8s.io/v1 Ingress -> ingresses.networking.k8s.io
 */
export function resourceOf({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : `.${apiVersion.slice(0, slash)}`;
  const word = kind.toLowerCase();
  if (word.endsWith('s')) return `${word}es${group}`;
  return word.endsWith('y') ? `${word.slice(0, -1)}ies${group}` : `${word}s${group}`;
}
