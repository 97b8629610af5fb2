import type { KubeObject } from '../../kube-object.ts';
import { withCondition } from '../controllers/conditions.ts';
import type { ControllerContext } from '../controllers/controller-context.ts';
import { type LabelSelector, selects } from '../label-selector.ts';
import { type Condition, keyOf, type Pod } from '../objects.ts';
import type { Autoscaler } from './autoscaler-objects.ts';
import { type MetricSources, type Proposal, propose } from './metric-proposal.ts';
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
    const sources: MetricSources = {
      ask: this.#options.ask(),
      isRegistered: (service) => store.get(SERVICES, '', service) !== undefined,
      usage: this.#options.usage,
    };
    const { selector } = target.spec;
    const question = { namespace, current, pods, selector, now: this.#context.clock.now() };
    const proposals = metrics.map((metric) => propose(metric, question, sources));
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
}

function yes(type: string, reason: string, message: string): Condition {
  return { type, status: 'True', reason, message };
}

function no(type: string, reason: string, message: string): Condition {
  return { type, status: 'False', reason, message };
}
