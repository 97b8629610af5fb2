import type { LabelSelector } from '../label-selector.ts';
import type { Pod } from '../objects.ts';
import { amount } from '../quantity.ts';
import type { MetricSpec, MetricTarget } from './autoscaler-objects.ts';
import {
  type AskApi,
  CUSTOM_APIS,
  EXTERNAL_API,
  METRICS_API,
  readExternal,
  readObject,
  readPods,
  readResource,
  selectorText,
} from './metrics-reader.ts';
import {
  byAverage,
  byUtilization,
  byValue,
  byValuePerReplica,
  type CalculatorInput,
  type PodMetric,
} from './replica-calculator.ts';

const TOLERANCE = 0.1;

/** What one metric of an autoscaler says. */
export interface Proposal {
  readonly replicas: number;
  readonly status: object;
  /** Whether the value was the simulation's own. */
  readonly simulated: boolean;
  readonly name: string;
}

export interface MetricSources {
  /** Asks the API server; undefined while there is none. */
  readonly ask: AskApi | undefined;
  /** Whether there is an APIService of this name. */
  readonly isRegistered: (name: string) => boolean;
  /** What pods really use, by pod name: taken for Resource metrics when no metrics API is registered. */
  readonly usage: (pods: readonly Pod[], resource: string, container?: string) => ReadonlyMap<string, PodMetric>;
}

/** What is to be scaled. */
export interface ScalingQuestion {
  readonly namespace: string;
  /** Replicas now. */
  readonly current: number;
  readonly pods: readonly Pod[];
  /** Selects them. */
  readonly selector: LabelSelector;
  readonly now: number;
}

/** How many replicas one metric wants. Only what asks the API server takes time; errors are answers, never thrown. */
export function propose(
  metric: MetricSpec,
  question: ScalingQuestion,
  sources: MetricSources,
): Proposal | Error | Promise<Proposal | Error> {
  const { ask, isRegistered, usage } = sources;
  const { namespace, current, pods } = question;
  const selector = selectorText(question.selector);
  const input: CalculatorInput = {
    currentReplicas: current,
    pods,
    metrics: new Map(),
    tolerance: TOLERANCE,
    now: question.now,
    cpu: false,
  };
  const asking = (
    api: string,
    work: (ask: AskApi, version: string) => Promise<Proposal>,
  ): Error | Promise<Proposal | Error> => {
    const service = (api === 'custom' ? CUSTOM_APIS : [EXTERNAL_API]).find(isRegistered);
    if (ask === undefined || service === undefined)
      return new Error(`unable to fetch metrics from ${api} metrics API: no ${api} metrics API registered`);
    return work(ask, service.slice(0, service.indexOf('.'))).catch((error: unknown) => error as Error);
  };
  switch (metric.type) {
    case 'Resource':
      return resource({ ...metric.resource, container: undefined, type: metric.type });
    case 'ContainerResource':
      return resource({ ...metric.containerResource, type: metric.type });
    case 'Pods': {
      const { metric: wanted, target } = metric.pods;
      return asking('custom', async (asked, version) => {
        const metrics = await readPods(asked, { namespace, selector, metric: wanted, version });
        const found = byAverage({ ...input, metrics }, amount(target.averageValue ?? 0));
        if (found === undefined) throw new Error(`no metrics returned for ${wanted.name}`);
        const status = { type: 'Pods', pods: { metric: wanted, current: { averageValue: milli(found.average) } } };
        return { replicas: found.replicas, status, simulated: false, name: `pods metric ${wanted.name}` };
      });
    }
    case 'Object': {
      const { metric: wanted, target, describedObject } = metric.object;
      return asking('custom', async (asked, version) => {
        const { name } = describedObject;
        const value = await readObject(asked, {
          namespace,
          resource: pluralOf(describedObject),
          name,
          metric: wanted,
          version,
        });
        const status = {
          type: 'Object',
          object: { metric: wanted, describedObject, current: valueStatus(value, target, current) },
        };
        return {
          replicas: singleValue(input, value, target),
          status,
          simulated: false,
          name: `object metric ${wanted.name}`,
        };
      });
    }
    case 'External': {
      const { metric: wanted, target } = metric.external;
      return asking('external', async (asked) => {
        const value = await readExternal(asked, { namespace, metric: wanted });
        const status = { type: 'External', external: { metric: wanted, current: valueStatus(value, target, current) } };
        return {
          replicas: singleValue(input, value, target),
          status,
          simulated: false,
          name: `external metric ${wanted.name}`,
        };
      });
    }
    default:
      metric satisfies never;
      return new Error(`unknown metric source type ${(metric as { type: string }).type}`);
  }

  function resource(wanted: ResourceQuestion): Proposal | Error | Promise<Proposal | Error> {
    const { name, container } = wanted;
    const proposed = (metrics: ReadonlyMap<string, PodMetric>, simulated: boolean) =>
      resourceProposal({ ...input, metrics, cpu: name === 'cpu' }, { ...wanted, simulated });
    if (ask !== undefined && isRegistered(METRICS_API)) {
      return readResource(ask, { namespace, selector, resource: name, ...(container !== undefined && { container }) })
        .then((metrics) => proposed(metrics, false))
        .catch((error: unknown) => error as Error);
    }
    try {
      return proposed(usage(pods, name, container), true);
    } catch (error) {
      return error as Error;
    }
  }
}

interface ResourceQuestion {
  readonly name: string;
  readonly target: MetricTarget;
  readonly container: string | undefined;
  readonly type: 'Resource' | 'ContainerResource';
}

function resourceProposal(
  input: CalculatorInput,
  { name, target, container, simulated, type }: ResourceQuestion & { readonly simulated: boolean },
): Proposal {
  const what = `${name} ${type === 'Resource' ? 'resource' : 'container resource'}`;
  if (input.metrics.size === 0)
    throw new Error(`unable to get metrics for resource ${name}: no metrics returned from resource metrics API`);
  let found: ReturnType<typeof byAverage>;
  let current: object;
  if (target.type === 'Utilization') {
    found = byUtilization(input, {
      target: target.averageUtilization ?? 80,
      requests: requestsOf(input.pods, name, container),
    });
    current = { averageUtilization: found?.current, averageValue: milli(found?.average ?? 0) };
  } else {
    found = byAverage(input, amount(target.averageValue ?? 0));
    current = { averageValue: milli(found?.average ?? 0) };
  }
  if (found === undefined)
    throw new Error(`did not receive metrics for targeted pods (pods might be unready) of ${what}`);
  const status =
    type === 'Resource'
      ? { type, resource: { name, current } }
      : { type, containerResource: { name, container, current } };
  return { replicas: found.replicas, status, simulated, name: `${what} utilization (percentage of request)` };
}

/** By pod; throws when one has a container that requests nothing. */
function requestsOf(pods: readonly Pod[], resource: string, container: string | undefined): Map<string, number> {
  const requests = new Map<string, number>();
  for (const pod of pods) {
    let sum = 0;
    for (const { name, resources } of pod.spec.containers) {
      if (container !== undefined && name !== container) continue;
      const request = amount(resources?.requests?.[resource]);
      if (request === undefined)
        throw new Error(`missing request for ${resource} in container ${name} of Pod ${pod.metadata.name}`);
      sum += request;
    }
    requests.set(pod.metadata.name, sum);
  }
  return requests;
}

function singleValue(input: CalculatorInput, value: number, target: MetricTarget): number {
  if (target.type === 'AverageValue') return byValuePerReplica(input, value, amount(target.averageValue ?? 0));
  return byValue(input, value / amount(target.value ?? 0));
}

function valueStatus(value: number, target: MetricTarget, replicas: number): object {
  return target.type === 'AverageValue' ? { averageValue: milli(value / replicas) } : { value: milli(value) };
}

function milli(value: number): string {
  const thousandths = Math.ceil(value * 1000 - 1e-9);
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}

/** `deployments.apps` of a kind and its version. */
function pluralOf({ kind, apiVersion = 'v1' }: { readonly kind: string; readonly apiVersion?: string }): string {
  const plural = kind.endsWith('s') ? `${kind}es` : kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/', 1)[0]}` : '';
  return plural.toLowerCase() + group;
}
