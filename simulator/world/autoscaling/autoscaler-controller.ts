import type { KubeObject } from '../../kube-object.ts';
import { withCondition } from '../controllers/conditions.ts';
import type { ControllerContext } from '../controllers/controller-context.ts';
import { type LabelSelector, selects } from '../label-selector.ts';
import { type Condition, keyOf, type Pod } from '../objects.ts';
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
import {
  byAverage,
  byUtilization,
  byValue,
  byValuePerReplica,
  type CalculatorInput,
  type PodMetric,
} from './replica-calculator.ts';
import { ScalingBehavior } from './scaling-behavior.ts';

const RESOURCE = 'horizontalpodautoscalers.autoscaling';
const SERVICES = 'apiservices.apiregistration.k8s.io';
const PERIOD_MS = 15_000;
const TOLERANCE = 0.1;
const TARGETS: Readonly<Record<string, string>> = {
  Deployment: 'deployments.apps',
  StatefulSet: 'statefulsets.apps',
  ReplicaSet: 'replicasets.apps',
};

export interface AutoscalerOptions {
  /** Asks the API server; undefined while there is none. */
  readonly ask: () => AskApi | undefined;
  /** What the pods of a namespace really use, by pod name: taken for Resource metrics when no metrics API is registered. */
  readonly usage: (pods: readonly Pod[], resource: string, container?: string) => ReadonlyMap<string, PodMetric>;
}

interface Target extends KubeObject {
  readonly spec: { readonly replicas?: number; readonly selector: LabelSelector };
}

/** What one metric of an autoscaler says. */
interface Proposal {
  readonly replicas: number;
  readonly status: object;
  /** Whether the value was the simulation's own. */
  readonly simulated: boolean;
  readonly name: string;
}

/** Scales the targets of HorizontalPodAutoscalers as Kubernetes does, by metrics that it reads through the API server. */
export class AutoscalerController {
  readonly #context: ControllerContext;
  readonly #options: AutoscalerOptions;
  readonly #behaviors = new Map<string, ScalingBehavior>();
  readonly #busy = new Set<string>();

  constructor(context: ControllerContext, options: AutoscalerOptions) {
    this.#context = context;
    this.#options = options;
    context.onChange(RESOURCE, (object, { gone }) => {
      if (gone) this.#behaviors.delete(keyOf(object));
    });
    context.clock.every(PERIOD_MS, () => {
      if (context.bootstrapping) return;
      for (const autoscaler of context.store.list(RESOURCE)) this.#reconcile(keyOf(autoscaler));
    });
  }

  #reconcile(key: string): void {
    const { index, store } = this.#context;
    const autoscaler = index.byKey<Autoscaler>(RESOURCE, key);
    if (autoscaler === undefined || this.#busy.has(key)) return;
    const { kind, name } = autoscaler.spec.scaleTargetRef;
    const { namespace = '' } = autoscaler.metadata;
    const resource = TARGETS[kind];
    const target = resource === undefined ? undefined : index.get<Target>(resource, namespace, name);
    if (target === undefined) {
      this.#report(autoscaler, {
        conditions: [
          no(
            'AbleToScale',
            'FailedGetScale',
            `the HPA controller was unable to get the target's current scale: ${kind} "${name}" not found`,
          ),
        ],
      });
      return;
    }
    const pods = (store.list('pods', { namespace }) as readonly Pod[]).filter((pod) =>
      selects(target.spec.selector, pod.metadata.labels),
    );
    const current = target.spec.replicas ?? 1;
    if (current === 0 && (autoscaler.spec.minReplicas ?? 1) !== 0) {
      const conditions = [
        yes('AbleToScale', 'SucceededGetScale', "the HPA controller was able to get the target's current scale"),
        no('ScalingActive', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero'),
      ];
      this.#report(autoscaler, { conditions, currentReplicas: 0, desiredReplicas: 0 });
      return;
    }
    const metrics = autoscaler.spec.metrics ?? [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } } as const,
    ];
    const proposals = metrics.map((metric) =>
      this.#propose(autoscaler, metric, { current, pods, selector: target.spec.selector }),
    );
    const decide = (results: readonly (Proposal | Error)[]) => {
      const present = index.byKey<Autoscaler>(RESOURCE, key);
      const fresh = index.get<Target>(resource!, namespace, name);
      if (present !== undefined && fresh !== undefined)
        this.#decide(present, fresh, results, { resource: resource!, pods });
    };
    // Without a question to the API all is known at once, also when the time is moved by hand.
    if (proposals.every((proposal) => !(proposal instanceof Promise))) {
      decide(proposals as (Proposal | Error)[]);
      return;
    }
    this.#busy.add(key);
    void Promise.all(proposals)
      .then(decide)
      .finally(() => this.#busy.delete(key));
  }

  #propose(
    autoscaler: Autoscaler,
    metric: MetricSpec,
    {
      current,
      pods,
      selector,
    }: { readonly current: number; readonly pods: readonly Pod[]; readonly selector: LabelSelector },
  ): Proposal | Error | Promise<Proposal | Error> {
    const { namespace = '' } = autoscaler.metadata;
    const ask = this.#options.ask();
    const input: CalculatorInput = {
      currentReplicas: current,
      pods,
      metrics: new Map(),
      tolerance: TOLERANCE,
      now: this.#context.clock.now(),
      cpu: false,
    };
    const labels = selectorText(selector);
    const async = (work: (ask: AskApi) => Promise<Proposal>): Error | Promise<Proposal | Error> =>
      ask === undefined ? new Error('no API server to ask') : work(ask).catch((error: unknown) => error as Error);
    switch (metric.type) {
      case 'Resource':
      case 'ContainerResource': {
        const { name, target, container } = {
          container: undefined,
          ...(metric.type === 'Resource' ? metric.resource : metric.containerResource),
        };
        const propose = (metrics: ReadonlyMap<string, PodMetric>, simulated: boolean) =>
          resourceProposal(
            { ...input, metrics, cpu: name === 'cpu' },
            { name, target, container, simulated, type: metric.type },
          );
        if (!this.#isRegistered(METRICS_API) || ask === undefined) {
          try {
            return propose(this.#options.usage(pods, name, container), true);
          } catch (error) {
            return error as Error;
          }
        }
        return async(async (asked) =>
          propose(
            await readResource(asked, {
              namespace,
              selector: labels,
              resource: name,
              ...(container !== undefined && { container }),
            }),
            false,
          ),
        );
      }
      case 'Pods': {
        const version = this.#customVersion();
        if (version === undefined)
          return new Error('unable to fetch metrics from custom metrics API: no custom metrics API registered');
        const { metric: wanted, target } = metric.pods;
        return async(async (asked) => {
          const metrics = await readPods(asked, { namespace, selector: labels, metric: wanted, version });
          const found = byAverage({ ...input, metrics }, amount(target.averageValue ?? 0));
          if (found === undefined) throw new Error(`no metrics returned for ${wanted.name}`);
          const status = { type: 'Pods', pods: { metric: wanted, current: { averageValue: milli(found.average) } } };
          return { replicas: found.replicas, status, simulated: false, name: `pods metric ${wanted.name}` };
        });
      }
      case 'Object': {
        const version = this.#customVersion();
        if (version === undefined)
          return new Error('unable to fetch metrics from custom metrics API: no custom metrics API registered');
        const { metric: wanted, target, describedObject } = metric.object;
        return async(async (asked) => {
          const resource = pluralOf(describedObject);
          const value = await readObject(asked, {
            namespace,
            resource,
            name: describedObject.name,
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
        if (!this.#isRegistered(EXTERNAL_API))
          return new Error('unable to fetch metrics from external metrics API: no external metrics API registered');
        const { metric: wanted, target } = metric.external;
        return async(async (asked) => {
          const value = await readExternal(asked, { namespace, metric: wanted });
          const status = {
            type: 'External',
            external: { metric: wanted, current: valueStatus(value, target, current) },
          };
          return {
            replicas: singleValue(input, value, target),
            status,
            simulated: false,
            name: `external metric ${wanted.name}`,
          };
        });
      }
      default:
        return new Error(`unknown metric source type ${(metric as { type: string }).type}`);
    }
  }

  #decide(
    autoscaler: Autoscaler,
    target: Target,
    results: readonly (Proposal | Error)[],
    { resource, pods }: { readonly resource: string; readonly pods: readonly Pod[] },
  ): void {
    const { clock, timestamp, events } = this.#context;
    const now = clock.now();
    const current = target.spec.replicas ?? 1;
    const good = results.filter((result): result is Proposal => !(result instanceof Error));
    const bad = results.filter((result) => result instanceof Error);
    const conditions: Condition[] = [];
    const currentReplicas = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined).length;
    let desired = Math.max(0, ...good.map(({ replicas }) => replicas));
    const [best] = good.filter(({ replicas }) => replicas === desired);
    // With a metric missing it may only become more.
    if (best === undefined || (bad.length > 0 && desired < current)) {
      const message = `the HPA was unable to compute the replica count: ${bad[0]?.message}`;
      conditions.push(
        yes('AbleToScale', 'SucceededGetScale', "the HPA controller was able to get the target's current scale"),
        no('ScalingActive', 'FailedGetMetrics', message),
      );
      events.record(autoscaler, {
        type: 'Warning',
        reason: 'FailedComputeMetricsReplicas',
        message,
        component: 'horizontal-pod-autoscaler',
      });
      this.#report(autoscaler, { conditions, currentReplicas, desiredReplicas: current });
      return;
    }
    const key = keyOf(autoscaler);
    let behavior = this.#behaviors.get(key);
    if (behavior === undefined) this.#behaviors.set(key, (behavior = new ScalingBehavior()));
    const limited = behavior.limit(autoscaler, { current, desired, now });
    desired = limited.replicas;
    const simulated = good.some((proposal) => proposal.simulated);
    conditions.push(
      yes(
        'ScalingActive',
        'ValidMetricFound',
        `the HPA was able to successfully calculate a replica count from ${best.name}`,
      ),
      limited.reason === 'DesiredWithinRange'
        ? no('ScalingLimited', limited.reason, limited.message)
        : yes('ScalingLimited', limited.reason, limited.message),
      // A condition that Kubernetes does not have, so that nobody takes these numbers for a metrics server's.
      simulated
        ? yes(
            'MetricsSimulated',
            'NoMetricsApi',
            `no APIService ${METRICS_API} is registered: the usage is the simulation's own`,
          )
        : no('MetricsSimulated', 'MetricsApi', 'all metrics were read through the API server'),
    );
    let lastScaleTime = autoscaler.status?.lastScaleTime;
    if (desired !== current) {
      this.#context.setSpec(resource, target, { ...target.spec, replicas: desired });
      behavior.note(current, desired, now);
      lastScaleTime = timestamp;
      conditions.unshift(
        yes('AbleToScale', 'SucceededRescale', `the HPA controller was able to update the target scale to ${desired}`),
      );
      const direction = desired > current ? 'above' : 'below';
      events.record(autoscaler, {
        reason: 'SuccessfulRescale',
        message: `New size: ${desired}; reason: ${desired > current ? `${best.name} ${direction} target` : 'All metrics below target'}`,
        component: 'horizontal-pod-autoscaler',
      });
    } else {
      conditions.unshift(
        limited.stabilised
          ? yes(
              'AbleToScale',
              'ScaleDownStabilized',
              'recent recommendations were higher than current one, applying the highest recent recommendation',
            )
          : yes('AbleToScale', 'ReadyForNewScale', 'recommended size matches current size'),
      );
    }
    this.#report(autoscaler, {
      conditions,
      currentReplicas,
      desiredReplicas: desired,
      currentMetrics: good.map(({ status }) => status),
      ...(lastScaleTime !== undefined && { lastScaleTime }),
    });
  }

  #report(
    autoscaler: Autoscaler,
    { conditions, ...status }: { readonly conditions: readonly Condition[]; readonly [field: string]: unknown },
  ): void {
    let all = autoscaler.status?.conditions ?? [];
    for (const condition of conditions) all = withCondition(all, condition, this.#context.timestamp);
    const { lastScaleTime, currentReplicas = 0, desiredReplicas = 0, currentMetrics } = autoscaler.status ?? {};
    this.#context.setStatus(RESOURCE, autoscaler, {
      ...(lastScaleTime !== undefined && { lastScaleTime }),
      currentReplicas,
      desiredReplicas,
      ...(currentMetrics !== undefined && { currentMetrics }),
      ...status,
      ...(autoscaler.metadata.generation !== undefined && { observedGeneration: autoscaler.metadata.generation }),
      conditions: all,
    });
  }

  #isRegistered(name: string): boolean {
    return this.#context.store.get(SERVICES, '', name) !== undefined;
  }

  /** The newest of the custom metrics APIs that is there. */
  #customVersion(): string | undefined {
    return CUSTOM_APIS.find((name) => this.#isRegistered(name))?.split('.', 1)[0];
  }
}

function resourceProposal(
  input: CalculatorInput,
  {
    name,
    target,
    container,
    simulated,
    type,
  }: {
    readonly name: string;
    readonly target: MetricTarget;
    readonly container: string | undefined;
    readonly simulated: boolean;
    readonly type: 'Resource' | 'ContainerResource';
  },
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

function yes(type: string, reason: string, message: string): Condition {
  return { type, status: 'True', reason, message };
}

function no(type: string, reason: string, message: string): Condition {
  return { type, status: 'False', reason, message };
}
