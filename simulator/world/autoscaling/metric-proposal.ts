import type { LabelSelector } from '../label-selector.ts';
import type { Pod } from '../objects.ts';
import { amount } from '../quantity.ts';
import type { Autoscaler, MetricSpec, MetricTarget } from './autoscaler-objects.ts';
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
import { milliText, milliValue } from './milli-value.ts';
import {
  byAverage,
  byUtilization,
  byValue,
  byValuePerReplica,
  type Calculation,
  type CalculatorInput,
  type PodMetric,
  type Tolerance,
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

/** Why a metric says nothing. */
export class MetricFailure extends Error {
  /** Of the condition ScalingActive and of an event, such as `FailedGetPodsMetric`. */
  readonly reason: string;
  /** What of several metrics the first failure is called. */
  readonly summary: string;

  constructor(reason: string, message: string, summary = message) {
    super(message);
    this.name = 'MetricFailure';
    this.reason = reason;
    this.summary = summary;
  }
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
  /** Replicas that it shall have now. */
  readonly current: number;
  /** Replicas that it has now. */
  readonly statusReplicas: number;
  readonly pods: readonly Pod[];
  /** Selects them. */
  readonly selector: LabelSelector;
  readonly tolerance: Tolerance;
  readonly now: number;
}

/** The ratios around 1 at which nothing changes. */
export function toleranceOf({ spec }: Pick<Autoscaler, 'spec'>): Tolerance {
  return {
    up: amount(spec.behavior?.scaleUp?.tolerance) ?? TOLERANCE,
    down: amount(spec.behavior?.scaleDown?.tolerance) ?? TOLERANCE,
  };
}

/** How many replicas one metric wants. Only what asks the API server takes time; failures are answers, never thrown. */
export function propose(
  metric: MetricSpec,
  question: ScalingQuestion,
  sources: MetricSources,
): Proposal | MetricFailure | Promise<Proposal | MetricFailure> {
  switch (metric.type) {
    case 'Resource':
      return resource({ ...metric.resource, container: undefined, type: metric.type }, question, sources);
    case 'ContainerResource':
      return resource({ ...metric.containerResource, type: metric.type }, question, sources);
    case 'Pods':
      return pods(metric.pods, question, sources);
    case 'Object':
      return object(metric.object, question, sources);
    case 'External':
      return external(metric.external, question, sources);
    default:
      metric satisfies never;
      return new MetricFailure(
        'InvalidMetricSourceType',
        `unknown metric source type "${(metric as { type: string }).type}"`,
      );
  }
}

type Spec<Type extends MetricSpec['type'], Field extends string> =
  Extract<MetricSpec, { readonly type: Type }> extends Readonly<Record<Field, infer Fields>> ? Fields : never;

function pods(
  { metric, target }: Spec<'Pods', 'pods'>,
  question: ScalingQuestion,
  sources: MetricSources,
): MetricFailure | Promise<Proposal | MetricFailure> {
  const { namespace } = question;
  const failure = ({ message }: Error) => {
    const what = `unable to get metric ${metric.name}: ${message}`;
    return new MetricFailure('FailedGetPodsMetric', what, `failed to get pods metric value: ${what}`);
  };
  const api = customApi(sources);
  if (api instanceof Error) return failure(api);
  const selector = selectorText(question.selector);
  const read = readPods(api.ask, { namespace, selector, metric, version: api.version });
  return attempt(failure, read, (metrics) => {
    const found = byAverage(inputOf(question, metrics), milliValue(target.averageValue ?? 0));
    const status = { type: 'Pods', pods: { metric, current: { averageValue: milliText(found.value) } } };
    return { replicas: found.replicas, status, simulated: false, name: `pods metric ${metric.name}` };
  });
}

function object(
  { metric, target, describedObject }: Spec<'Object', 'object'>,
  question: ScalingQuestion,
  sources: MetricSources,
): MetricFailure | Promise<Proposal | MetricFailure> {
  const { namespace } = question;
  const { kind, name } = describedObject;
  const failure = ({ message }: Error) => {
    const what = `unable to get metric ${metric.name} on ${kind} ${namespace}/${name}: ${message}`;
    return new MetricFailure('FailedGetObjectMetric', what, `failed to get object metric value: ${what}`);
  };
  const api = customApi(sources);
  if (api instanceof Error) return failure(api);
  const resource = pluralOf(describedObject);
  const read = readObject(api.ask, { namespace, resource, name, metric, version: api.version });
  return attempt(failure, read, (value) => {
    const found = single(inputOf(question), value, target);
    const status = { type: 'Object', object: { metric, describedObject, current: valueStatus(found, target) } };
    return { replicas: found.replicas, status, simulated: false, name: `${kind} metric ${metric.name}` };
  });
}

function external(
  { metric, target }: Spec<'External', 'external'>,
  question: ScalingQuestion,
  { ask, isRegistered }: MetricSources,
): MetricFailure | Promise<Proposal | MetricFailure> {
  const { namespace } = question;
  const selector = metric.selector === undefined ? 'nil' : selectorText(metric.selector);
  const failure = ({ message }: Error) => {
    const what = `unable to get external metric ${namespace}/${metric.name}/${selector}: ${message}`;
    return new MetricFailure('FailedGetExternalMetric', `failed to get ${metric.name} external metric: ${what}`);
  };
  if (ask === undefined || !isRegistered(EXTERNAL_API)) {
    const none = 'no external metrics API (external.metrics.k8s.io) registered';
    return failure(new Error(`unable to fetch metrics from external metrics API: ${none}`));
  }
  return attempt(failure, readExternal(ask, { namespace, metric }), (value) => {
    const found = single(inputOf(question), value, target);
    const status = { type: 'External', external: { metric, current: valueStatus(found, target) } };
    return { replicas: found.replicas, status, simulated: false, name: `external metric ${metric.name}(${selector})` };
  });
}

function attempt<T>(
  failure: (error: Error) => MetricFailure,
  read: Promise<T>,
  proposed: (value: T) => Proposal,
): Promise<Proposal | MetricFailure> {
  return read.then(proposed).catch((error: unknown) => failure(error as Error));
}

interface ResourceQuestion {
  readonly name: string;
  readonly target: MetricTarget;
  readonly container: string | undefined;
  readonly type: 'Resource' | 'ContainerResource';
}

function resource(
  wanted: ResourceQuestion,
  question: ScalingQuestion,
  { ask, isRegistered, usage }: MetricSources,
): Proposal | MetricFailure | Promise<Proposal | MetricFailure> {
  const { name, container } = wanted;
  const { namespace } = question;
  const failure = (error: unknown) =>
    new MetricFailure(
      `FailedGet${wanted.type}Metric`,
      `failed to get ${name} ${wanted.target.type === 'Utilization' ? 'utilization' : 'usage'}: ${(error as Error).message}`,
    );
  const proposed = (metrics: ReadonlyMap<string, PodMetric>, simulated: boolean) =>
    resourceProposal({ ...inputOf(question, metrics), cpu: name === 'cpu' }, { ...wanted, simulated });
  if (ask !== undefined && isRegistered(METRICS_API)) {
    const selector = selectorText(question.selector);
    return readResource(ask, { namespace, selector, resource: name, ...(container !== undefined && { container }) })
      .catch((error: unknown) => {
        throw new Error(`unable to get metrics for resource ${name}: ${(error as Error).message}`);
      })
      .then((metrics) => proposed(metrics, false))
      .catch(failure);
  }
  try {
    return proposed(usage(question.pods, name, container), true);
  } catch (error) {
    return failure(error);
  }
}

function resourceProposal(
  input: CalculatorInput,
  { name, target, container, simulated, type }: ResourceQuestion & { readonly simulated: boolean },
): Proposal {
  const what = `${name} ${type === 'Resource' ? 'resource' : 'container resource'}`;
  const byShare = target.type === 'Utilization';
  const found = byShare
    ? byUtilization(input, {
        target: target.averageUtilization ?? 80,
        requests: requestsOf(input.pods, name, container),
      })
    : byAverage(input, milliValue(target.averageValue ?? 0));
  const current = {
    ...(byShare && { averageUtilization: found.utilization }),
    averageValue: milliText(found.value),
  };
  const status =
    type === 'Resource'
      ? { type, resource: { name, current } }
      : { type, containerResource: { name, container, current } };
  const by = byShare ? ' utilization (percentage of request)' : '';
  return { replicas: found.replicas, status, simulated, name: `${what}${by}` };
}

/** In thousandths by pod; throws when one has a container that requests nothing. */
function requestsOf(pods: readonly Pod[], resource: string, container: string | undefined): Map<string, bigint> {
  const requests = new Map<string, bigint>();
  for (const pod of pods) {
    let sum = 0n;
    for (const { name, resources } of pod.spec.containers) {
      if (container !== undefined && name !== container) continue;
      const request = resources?.requests?.[resource];
      if (request === undefined)
        throw new Error(`missing request for ${resource} in container ${name} of Pod ${pod.metadata.name}`);
      sum += milliValue(request);
    }
    requests.set(pod.metadata.name, sum);
  }
  return requests;
}

function inputOf(question: ScalingQuestion, metrics: ReadonlyMap<string, PodMetric> = new Map()): CalculatorInput {
  const { current, statusReplicas, pods, tolerance, now } = question;
  return { currentReplicas: current, statusReplicas, pods, metrics, tolerance, now, cpu: false };
}

function single(input: CalculatorInput, value: bigint, target: MetricTarget): Calculation {
  if (target.type === 'AverageValue')
    return byValuePerReplica(input, { value, target: milliValue(target.averageValue ?? 0) });
  return byValue(input, { value, target: milliValue(target.value ?? 0) });
}

function valueStatus({ value }: Calculation, target: MetricTarget): object {
  return target.type === 'AverageValue' ? { averageValue: milliText(value) } : { value: milliText(value) };
}

function customApi({ ask, isRegistered }: MetricSources): { readonly ask: AskApi; readonly version: string } | Error {
  const service = CUSTOM_APIS.find(isRegistered);
  if (ask !== undefined && service !== undefined) return { ask, version: service.slice(0, service.indexOf('.')) };
  const none = 'no custom metrics API (custom.metrics.k8s.io) registered';
  return new Error(`unable to fetch metrics from custom metrics API: ${none}`);
}

/** `deployments.apps` of a kind and its version. */
function pluralOf({ kind, apiVersion = 'v1' }: { readonly kind: string; readonly apiVersion?: string }): string {
  const plural = kind.endsWith('s') ? `${kind}es` : kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/', 1)[0]}` : '';
  return plural.toLowerCase() + group;
}
