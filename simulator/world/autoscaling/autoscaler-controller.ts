import type { KubeObject } from '../../kube-object.ts';
import { withCondition } from '../controllers/conditions.ts';
import type { ControllerContext } from '../controllers/controller-context.ts';
import { type LabelSelector, selects } from '../label-selector.ts';
import { type Condition, keyOf, type Pod } from '../objects.ts';
import type { Autoscaler } from './autoscaler-objects.ts';
import { MetricFailure, type MetricSources, type Proposal, propose, toleranceOf } from './metric-proposal.ts';
import { type AskApi, METRICS_API } from './metrics-reader.ts';
import { ScalingBehavior } from './scaling-behavior.ts';

const RESOURCE = 'horizontalpodautoscalers.autoscaling';
const SERVICES = 'apiservices.apiregistration.k8s.io';
const PERIOD_MS = 15_000;
const TARGETS: Readonly<Record<string, string>> = {
  Deployment: 'deployments.apps',
  StatefulSet: 'statefulsets.apps',
  ReplicaSet: 'replicasets.apps',
};

export interface AutoscalerOptions {
  /** Asks the API server; undefined while there is none. */
  readonly ask: () => AskApi | undefined;
  readonly usage: MetricSources['usage'];
}

interface Target extends KubeObject {
  readonly spec: { readonly replicas?: number; readonly selector: LabelSelector };
  readonly status?: { readonly replicas?: number };
}

/** What is done about a target that is within reach. */
interface Decision {
  readonly desired: number;
  /** For the event of a change. */
  readonly reason: string;
  readonly conditions: readonly Condition[];
  readonly metrics: readonly object[] | undefined;
}

const COMPONENT = 'horizontal-pod-autoscaler';

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
    const { minReplicas = 1, maxReplicas } = autoscaler.spec;
    this.#behaviorOf(key).begin(current, this.#context.clock.now());
    if (current === 0 && minReplicas !== 0) {
      const conditions = [
        yes('AbleToScale', 'SucceededGetScale', "the HPA controller was able to get the target's current scale"),
        no('ScalingActive', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero'),
      ];
      this.#report(autoscaler, { conditions, currentReplicas: 0, desiredReplicas: 0, currentMetrics: undefined });
      return;
    }
    // What is out of bounds is brought back whatever the metrics say.
    if (current > maxReplicas || current < minReplicas) {
      const [desired, side, bound] =
        current > maxReplicas ? [maxReplicas, 'above', 'Spec.MaxReplicas'] : [minReplicas, 'below', 'Spec.MinReplicas'];
      const reason = `Current number of replicas ${side} ${bound}`;
      this.#scale(autoscaler, target, { desired, reason, conditions: [], metrics: undefined });
      return;
    }
    const metrics = autoscaler.spec.metrics ?? [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } } as const,
    ];
    const sources: MetricSources = {
      ask: this.#options.ask(),
      isRegistered: (service) => store.get(SERVICES, '', service) !== undefined,
      usage: this.#options.usage,
    };
    const { selector } = target.spec;
    const question = {
      namespace,
      current,
      statusReplicas: target.status?.replicas ?? 0,
      pods,
      selector,
      tolerance: toleranceOf(autoscaler),
      now: this.#context.clock.now(),
    };
    const proposals = metrics.map((metric) => propose(metric, question, sources));
    const decide = (results: readonly (Proposal | MetricFailure)[]) => {
      const present = index.byKey<Autoscaler>(RESOURCE, key);
      const fresh = index.get<Target>(resource!, namespace, name);
      if (present !== undefined && fresh !== undefined) this.#decide(present, fresh, results);
    };
    // Without a question to the API all is known at once, also when the time is moved by hand.
    if (proposals.every((proposal) => !(proposal instanceof Promise))) {
      decide(proposals as (Proposal | MetricFailure)[]);
      return;
    }
    this.#busy.add(key);
    void Promise.all(proposals)
      .then(decide)
      .finally(() => this.#busy.delete(key));
  }

  #decide(autoscaler: Autoscaler, target: Target, results: readonly (Proposal | MetricFailure)[]): void {
    const { clock, events } = this.#context;
    const current = target.spec.replicas ?? 1;
    const good = results.filter((result): result is Proposal => !(result instanceof MetricFailure));
    const bad = results.filter((result) => result instanceof MetricFailure);
    for (const { reason, message } of bad)
      events.record(autoscaler, { type: 'Warning', reason, message, component: COMPONENT });
    const wanted = Math.max(0, ...good.map(({ replicas }) => replicas));
    const best = good.find(({ replicas }) => replicas === wanted);
    const able = "the HPA controller was able to get the target's current scale";
    // Statuses are in the order of the metrics, with nothing but an empty type where one says nothing.
    const metrics = results.map((result) => (result instanceof MetricFailure ? { type: '' } : result.status));
    const [first] = bad;
    // With a metric missing it may only become more.
    if (best === undefined || (first !== undefined && wanted < current)) {
      const { reason = '', message = '', summary = '' } = first ?? {};
      const why = `the HPA was unable to compute the replica count: ${message}`;
      const conditions = [yes('AbleToScale', 'SucceededGetScale', able), no('ScalingActive', reason, why)];
      events.record(autoscaler, {
        type: 'Warning',
        reason: 'FailedComputeMetricsReplicas',
        message: `invalid metrics (${bad.length} invalid out of ${results.length}), first error is: ${summary}`,
        component: COMPONENT,
      });
      this.#report(autoscaler, { conditions, currentReplicas: current, currentMetrics: metrics });
      return;
    }
    const behavior = this.#behaviorOf(keyOf(autoscaler));
    const found = behavior.limit(autoscaler, { current, desired: wanted, now: clock.now() });
    const simulated = good.some((proposal) => proposal.simulated);
    const valid = `the HPA was able to successfully calculate a replica count from ${best.name}`;
    const conditions = [
      yes('AbleToScale', found.able.reason, found.able.message),
      yes('ScalingActive', 'ValidMetricFound', valid),
      (found.isLimited ? yes : no)('ScalingLimited', found.limited.reason, found.limited.message),
      // A condition that Kubernetes does not have, so that nobody takes these numbers for a metrics server's.
      simulated
        ? yes(
            'MetricsSimulated',
            'NoMetricsApi',
            `no APIService ${METRICS_API} is registered: the usage is the simulation's own`,
          )
        : no('MetricsSimulated', 'MetricsApi', 'all metrics were read through the API server'),
    ];
    const reason = wanted > current ? `${best.name} above target` : wanted < current ? 'All metrics below target' : '';
    this.#scale(autoscaler, target, { desired: found.replicas, reason, conditions, metrics });
  }

  #scale(autoscaler: Autoscaler, target: Target, { desired, reason, conditions, metrics }: Decision): void {
    const { clock, timestamp, events } = this.#context;
    const current = target.spec.replicas ?? 1;
    let { lastScaleTime } = autoscaler.status ?? {};
    let all = conditions;
    if (desired !== current) {
      const resource = TARGETS[autoscaler.spec.scaleTargetRef.kind]!;
      this.#context.setSpec(resource, target, { ...target.spec, replicas: desired });
      this.#behaviorOf(keyOf(autoscaler)).note(current, desired, clock.now());
      lastScaleTime = timestamp;
      const message = `the HPA controller was able to update the target scale to ${desired}`;
      all = [
        yes('AbleToScale', 'SucceededRescale', message),
        ...conditions.filter(({ type }) => type !== 'AbleToScale'),
      ];
      events.record(autoscaler, {
        reason: 'SuccessfulRescale',
        message: `New size: ${desired}; reason: ${reason}`,
        component: COMPONENT,
      });
    }
    this.#report(autoscaler, {
      conditions: all,
      currentReplicas: current,
      desiredReplicas: desired,
      currentMetrics: metrics,
      ...(lastScaleTime !== undefined && { lastScaleTime }),
    });
  }

  #behaviorOf(key: string): ScalingBehavior {
    let behavior = this.#behaviors.get(key);
    if (behavior === undefined) this.#behaviors.set(key, (behavior = new ScalingBehavior()));
    return behavior;
  }

  #report(
    autoscaler: Autoscaler,
    { conditions, ...status }: { readonly conditions: readonly Condition[]; readonly [field: string]: unknown },
  ): void {
    let all = autoscaler.status?.conditions ?? [];
    for (const condition of conditions) all = withCondition(all, condition, this.#context.timestamp);
    const { lastScaleTime, currentReplicas = 0, desiredReplicas = 0 } = autoscaler.status ?? {};
    const currentMetrics = 'currentMetrics' in status ? status.currentMetrics : autoscaler.status?.currentMetrics;
    const { currentMetrics: _metrics, ...rest } = status;
    this.#context.setStatus(RESOURCE, autoscaler, {
      ...(lastScaleTime !== undefined && { lastScaleTime }),
      currentReplicas,
      desiredReplicas,
      ...rest,
      ...(currentMetrics !== undefined && { currentMetrics }),
      ...(autoscaler.metadata.generation !== undefined && { observedGeneration: autoscaler.metadata.generation }),
      conditions: all,
    });
  }
}

function yes(type: string, reason: string, message: string): Condition {
  return { type, status: 'True', reason, message };
}

function no(type: string, reason: string, message: string): Condition {
  return { type, status: 'False', reason, message };
}
