import type { Clock } from '../../clock/clock.ts';
import type { AskedQuestions } from './asked-questions.ts';
import type { Autoscaler, AutoscalerMetric } from './autoscaler.ts';
import {
  type AutoscalerQuestion,
  type NamedMetric,
  namedMetric,
  questionKey,
  questionOf,
} from './autoscaler-question.ts';

/** What autoscalers want to be served. */
export interface WantedMetrics {
  /** Custom and external metrics, each once for all who want it of the same objects with the same selector. */
  readonly metrics: readonly NamedMetric[];
  /** Whether any of them scales on the use of CPU or memory. */
  readonly usage: boolean;
}

/** The controller has changed how many replicas there are to be. */
export interface ScalingDecision {
  /** Unix milliseconds. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
  /** The reason of ScalingLimited when it held: the metrics asked for more, or fewer, than this. '' otherwise. */
  readonly limit: string;
  /** What the controller saw of each metric then, `m 120/100`. */
  readonly metrics: readonly string[];
}

/** An autoscaler with what is remembered of it. */
export interface FollowedAutoscaler {
  readonly autoscaler: Autoscaler;
  /** By metric: what its controller asks, and its key. */
  readonly questions: readonly (AskedQuestion | undefined)[];
  /** The newest last, at most 20. */
  readonly decisions: readonly ScalingDecision[];
}

export interface AskedQuestion {
  readonly key: string;
  readonly asked: AutoscalerQuestion;
}

export interface AutoscalersOptions {
  readonly asked: AskedQuestions;
  readonly clock: Clock;
  /** Told when that changes, and first when they have been listed. Changes within a quarter of a second are told together. */
  readonly onWanted: (wanted: WantedMetrics) => void;
}

const MAX_DECISIONS = 20;
const GATHER = 250;

/** The autoscalers of the cluster, as somebody who watches them tells. */
export class Autoscalers {
  readonly #options: AutoscalersOptions;
  readonly #followed = new Map<string, FollowedAutoscaler>();
  #told = '';
  #cancel: (() => void) | undefined;
  #isListed = false;

  constructor(options: AutoscalersOptions) {
    this.#options = options;
  }

  /** Whether all of them are here; until then nobody knows which there are. */
  get isListed(): boolean {
    return this.#isListed;
  }

  all(): readonly FollowedAutoscaler[] {
    return [...this.#followed.values()];
  }

  get(namespace: string, name: string): FollowedAutoscaler | undefined {
    return this.#followed.get(keyOf({ namespace, name }));
  }

  /** It is there, new or changed. */
  put(autoscaler: Autoscaler): void {
    const before = this.#followed.get(keyOf(autoscaler));
    const questions = autoscaler.metrics.map((wanted) => {
      const asked = questionOf(autoscaler, wanted);
      return asked && { asked, key: questionKey(asked) };
    });
    const { asked } = this.#options;
    for (const question of questions) if (question !== undefined) asked.want(question.key);
    this.#forget(before);
    this.#followed.set(keyOf(autoscaler), { autoscaler, questions, decisions: this.#decisions(before, autoscaler) });
    this.#changed();
  }

  /** It is gone. */
  remove(namespace: string, name: string): void {
    const key = keyOf({ namespace, name });
    this.#forget(this.#followed.get(key));
    if (this.#followed.delete(key)) this.#changed();
  }

  /** All that there are have been put. */
  listed(): void {
    this.#isListed = true;
    this.#changed();
  }

  /** Tells nothing more. */
  close(): void {
    this.#cancel?.();
    this.#cancel = () => undefined;
  }

  #forget(followed: FollowedAutoscaler | undefined): void {
    for (const question of followed?.questions ?? []) {
      if (question !== undefined) this.#options.asked.forget(question.key);
    }
  }

  #decisions(before: FollowedAutoscaler | undefined, now: Autoscaler): readonly ScalingDecision[] {
    if (before === undefined || before.autoscaler.uid !== now.uid) return [];
    const { autoscaler: then, decisions } = before;
    const [from, to] = [then.desiredReplicas, now.desiredReplicas];
    if (from === undefined || to === undefined || from === to) return decisions;
    const limit = now.conditions.find(({ type, status }) => type === 'ScalingLimited' && status === 'True');
    const decision = {
      at: now.lastScale > then.lastScale ? now.lastScale : this.#options.clock.now(),
      from,
      to,
      limit: limit?.reason ?? '',
      metrics: now.metrics.flatMap((wanted) => sightOf(wanted) ?? []),
    };
    return [...decisions, decision].slice(-MAX_DECISIONS);
  }

  #changed(): void {
    if (!this.#isListed) return;
    this.#cancel ??= this.#options.clock.schedule(GATHER, () => {
      this.#cancel = undefined;
      this.#tell();
    });
  }

  #tell(): void {
    const metrics = new Map<string, NamedMetric>();
    let usage = false;
    for (const { autoscaler } of this.#followed.values()) {
      for (const wanted of autoscaler.metrics) {
        if ('resource' in wanted) usage = true;
        const named = namedMetric(autoscaler, wanted);
        if (named !== undefined) metrics.set(JSON.stringify(named), named);
      }
    }
    const inOrder = [...metrics].sort(([a], [b]) => (a < b ? -1 : 1));
    const signature = JSON.stringify([usage, ...inOrder.map(([key]) => key)]);
    if (signature === this.#told) return;
    this.#told = signature;
    this.#options.onWanted({ metrics: inOrder.map(([, metric]) => metric), usage });
  }
}

/** What a metric is called: a resource, maybe of a container, or a metric's name. */
export function nameOf(wanted: AutoscalerMetric): string {
  switch (wanted.type) {
    case 'Resource':
      return wanted.resource;
    case 'ContainerResource':
      return `${wanted.resource} of ${wanted.container}`;
    case 'Pods':
    case 'Object':
    case 'External':
      return wanted.metric;
    case 'unknown':
      return wanted.written;
    default:
      return wanted satisfies never;
  }
}

function sightOf(wanted: AutoscalerMetric): string | undefined {
  const { current, target } = wanted;
  if (current === undefined) return undefined;
  const percent = current.type === 'Utilization' ? '%' : '';
  return `${nameOf(wanted)} ${current.text}${percent}/${target === undefined ? '?' : target.text + percent}`;
}

function keyOf({ namespace, name }: Pick<Autoscaler, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}
