import type { Clock } from '../../clock/clock.ts';
import type { AskedQuestions } from './asked-questions.ts';
import type { Autoscaler, WantedMetric } from './autoscaler.ts';
import { type AutoscalerQuestion, questionKey, questionOf } from './autoscaler-question.ts';

/** What autoscalers want to be served. */
export interface WantedMetrics {
  /** Names of custom and external metrics, in order. */
  readonly names: readonly string[];
  /** What is asked for by these names, each question once. */
  readonly questions: readonly Exclude<AutoscalerQuestion, { readonly api: 'resource' }>[];
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
    const names = new Set<string>();
    const questions = new Map<string, WantedMetrics['questions'][number]>();
    let usage = false;
    for (const { autoscaler, questions: own } of this.#followed.values()) {
      autoscaler.metrics.forEach((wanted, i) => {
        if ('resource' in wanted) usage = true;
        if ('metric' in wanted) names.add(wanted.metric);
        const question = own[i];
        if (question !== undefined && question.asked.api !== 'resource') questions.set(question.key, question.asked);
      });
    }
    const signature = JSON.stringify([[...names].sort(), [...questions.keys()].sort(), usage]);
    if (signature === this.#told) return;
    this.#told = signature;
    this.#options.onWanted({ names: [...names].sort(), questions: [...questions.values()], usage });
  }
}

/** What a metric is called: a resource, maybe of a container, or a metric's name. */
export function nameOf(wanted: WantedMetric): string {
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

function sightOf(wanted: WantedMetric): string | undefined {
  const { current, target } = wanted;
  if (current === undefined) return undefined;
  const percent = current.type === 'Utilization' ? '%' : '';
  return `${nameOf(wanted)} ${current.text}${percent}/${target === undefined ? '?' : target.text + percent}`;
}

function keyOf({ namespace, name }: Pick<Autoscaler, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}
