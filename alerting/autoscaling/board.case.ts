import { Labels } from '../../storage/labels.ts';
import { SteppedClock } from '../stepped-clock.case.ts';
import { AskedQuestions } from './asked-questions.ts';
import type { Autoscaler, AutoscalerMetric } from './autoscaler.ts';
import { AutoscalerBoard } from './autoscaler-board.ts';
import { Autoscalers } from './autoscalers.ts';
import type { LabelSelector } from './label-selector.ts';
import { MetricsError } from './metrics-error.ts';
import type { MetricsProvider, ObjectValue, PodUsage, UsageProvider } from './metrics-provider.ts';
import type { ServedMetric } from './served-metric.ts';
import type { RegistrationStatus } from './serving/registration.ts';

const NOBODY = new AbortController().signal;

/** Autoscalers of made-up metrics, served what the test says. Of an error the message is served. */
export class BoardBed {
  readonly clock = new SteppedClock();
  readonly asked = new AskedQuestions(this.clock);
  readonly autoscalers = new Autoscalers({ asked: this.asked, clock: this.clock, onWanted: () => undefined });
  served: readonly ServedMetric[] = [
    servedMetric('k8s_pod_cpu', { resources: ['pods'] }),
    servedMetric('k8s_workload_cpu', { resources: ['deployments.apps'] }),
    servedMetric('queue', { api: 'external' }),
    servedMetric('secret_queue', { api: 'external', namespace: 'bank' }),
  ];
  /** What each metric's values are now, or why there are none. */
  readonly values = new Map<string, readonly number[] | MetricsError>();
  /** Cores of each pod, or why that is not known. */
  usage: readonly number[] | MetricsError = [];
  /** How the APIs stand with the API server. */
  registration: readonly RegistrationStatus[] = [];
  /** Questions that have come to the providers. */
  questions = 0;
  readonly metrics: MetricsProvider = {
    metrics: () => this.served,
    objects: async ({ namespace, metric }) => this.#answer(metric, namespace),
    external: async ({ namespace, metric }) =>
      this.#answer(metric, namespace).map(({ value, timestamp, window }) => {
        return { value, timestamp, window, labels: Labels.EMPTY };
      }),
    explain: async ({ metric }) => [`${metric} is what it is`],
  };
  readonly podUsage = {
    pods: async (namespace: string) => {
      this.questions++;
      if (this.usage instanceof MetricsError) throw this.usage;
      return this.usage.map((cpu, i): PodUsage => {
        const containers = [
          { name: 'app', cpu, memory: 2 ** 20 },
          { name: 'proxy', cpu: 0.1, memory: 2 ** 20 },
        ];
        const ofPod = { namespace, name: `pod-${i}`, labels: {}, created: 0, window: 15_000 };
        return { ...ofPod, timestamp: this.clock.now() - 10_000, containers };
      });
    },
  } as unknown as UsageProvider;
  readonly board = new AutoscalerBoard({
    autoscalers: this.autoscalers,
    asked: this.asked,
    metrics: this.metrics,
    usage: this.podUsage,
    registration: () => this.registration,
    clock: this.clock,
  });

  put(name: string, metrics: readonly AutoscalerMetric[], more: Partial<Autoscaler> = {}): void {
    this.autoscalers.put({ ...autoscaler(name), metrics, ...more });
  }

  /** As the controller asks for all metrics of all autoscalers. */
  async poll(): Promise<void> {
    const metrics = this.asked.metrics(this.metrics);
    const usage = this.asked.usage(this.podUsage);
    for (const { questions } of this.autoscalers.all()) {
      for (const question of questions) {
        const asked = question?.asked;
        if (asked === undefined) continue;
        const answer: Promise<unknown> =
          asked.api === 'resource'
            ? usage.pods(asked.namespace, asked.selector, NOBODY)
            : asked.api === 'external'
              ? metrics.external(asked.question, NOBODY)
              : metrics.objects(asked.question, NOBODY);
        await answer.catch(() => undefined);
      }
    }
  }

  #answer(metric: string, namespace: string): readonly ObjectValue[] {
    this.questions++;
    const values = this.values.get(metric) ?? new MetricsError('noValue', `${metric} has no value`);
    if (values instanceof MetricsError) throw values;
    const timestamp = this.clock.now() - 20_000;
    return values.map((value, i) => ({ namespace, name: `pod-${i}`, value, timestamp, window: 60_000 }));
  }
}

/** In the namespace shop, of a Deployment of the same name with two pods. */
export function autoscaler(name: string): Autoscaler {
  return {
    namespace: 'shop',
    name,
    uid: name,
    target: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    pods: [{ key: 'app', operator: 'In', values: [name] }],
    podsUnknown: '',
    minReplicas: 1,
    maxReplicas: 9,
    currentReplicas: 2,
    desiredReplicas: 2,
    lastScale: 0,
    conditions: [],
    metrics: [],
  };
}

const EVERY: LabelSelector = [];

/** A Pods metric with an average to aim at. */
export function podsMetric(metric: string, average: number): AutoscalerMetric {
  const target = { type: 'AverageValue', text: String(average), value: average } as const;
  return { type: 'Pods', metric, selector: EVERY, target, current: undefined, fault: undefined };
}

/** An external metric with a share of each replica to aim at. */
export function externalMetric(metric: string, average: number): AutoscalerMetric {
  const target = { type: 'AverageValue', text: String(average), value: average } as const;
  return { type: 'External', metric, selector: EVERY, target, current: undefined, fault: undefined };
}

/** Use of CPU, in percent of what is requested. */
export function cpuMetric(percent: number, seen?: number): AutoscalerMetric {
  const of = (value: number) => ({ type: 'Utilization', text: String(value), value }) as const;
  const current = seen === undefined ? undefined : of(seen);
  return { type: 'Resource', resource: 'cpu', container: '', target: of(percent), current, fault: undefined };
}

function servedMetric(name: string, more: Partial<ServedMetric>): ServedMetric {
  return {
    name,
    api: 'custom',
    resources: [],
    window: 60_000,
    freshness: 120_000,
    hold: 0,
    namespace: undefined,
    selectsInside: false,
    origin: 'the test',
    reads: [],
    objectOf: () => undefined,
    evaluate: async () => {
      throw new Error('nothing is evaluated');
    },
    ...more,
  };
}
