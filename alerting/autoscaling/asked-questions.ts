import type { Clock } from '../../clock/clock.ts';
import type { AutoscalerMetric } from './autoscaler.ts';
import { type AutoscalerQuestion, questionKey } from './autoscaler-question.ts';
import type { MetricsProvider, PodUsage, UsageProvider } from './metrics-provider.ts';

/** What a question was answered with: values of objects or of an external metric, or the use of pods. */
export type AutoscalerAnswer = { readonly values: readonly AnsweredValue[] } | { readonly usage: readonly PodUsage[] };

interface AnsweredValue {
  readonly value: number;
  readonly timestamp: number;
  readonly window: number;
}

/** The last time that somebody asked. Times are Unix milliseconds. */
export interface Asked {
  readonly at: number;
  /** Undefined when the answer was an error. */
  readonly answer: AutoscalerAnswer | undefined;
  /** The last error, which may be older than the answer. */
  readonly error: { readonly at: number; readonly message: string } | undefined;
}

/** What an answer comes to for an autoscaler. */
export interface ServedValue {
  /** Of pods, or of values of an external metric. */
  readonly count: number;
  readonly sum: number;
  /** Unix milliseconds: of the oldest sample. */
  readonly timestamp: number;
  /** Milliseconds: of the longest. */
  readonly window: number;
}

const MAX_MESSAGE = 1_000;

/**
 * Remembers of the questions that autoscalers have how they were answered last, whoever asked. It stands before the providers, and keeps
 * nothing of other questions, so that it grows with the number of autoscalers only.
 */
export class AskedQuestions {
  readonly #clock: Clock;
  readonly #questions = new Map<string, { wanted: number; asked: Asked | undefined }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string): Asked | undefined {
    return this.#questions.get(key)?.asked;
  }

  /** An autoscaler has the question. */
  want(key: string): void {
    const known = this.#questions.get(key);
    if (known === undefined) this.#questions.set(key, { wanted: 1, asked: undefined });
    else known.wanted++;
  }

  /** It has it no more. */
  forget(key: string): void {
    const known = this.#questions.get(key);
    if (known !== undefined && --known.wanted === 0) this.#questions.delete(key);
  }

  /** The provider, with an ear on what it answers. */
  metrics(provider: MetricsProvider): MetricsProvider {
    return {
      metrics: () => provider.metrics(),
      objects: async (question, signal) => {
        const answer = provider.objects(question, signal);
        await this.#note(
          { api: 'custom', question },
          answer.then((values) => ({ values })),
        );
        return answer;
      },
      external: async (question, signal) => {
        const answer = provider.external(question, signal);
        await this.#note(
          { api: 'external', question },
          answer.then((values) => ({ values })),
        );
        return answer;
      },
      explain: (question, signal) => provider.explain(question, signal),
    };
  }

  /** The same for the use of pods. */
  usage(provider: UsageProvider): UsageProvider {
    return {
      pods: async (namespace, selector, signal) => {
        const answer = provider.pods(namespace, selector, signal);
        await this.#note(
          { api: 'resource', namespace, selector },
          answer.then((usage) => ({ usage })),
        );
        return answer;
      },
      pod: (namespace, name, signal) => provider.pod(namespace, name, signal),
      nodes: (selector, signal) => provider.nodes(selector, signal),
      node: (name, signal) => provider.node(name, signal),
      explainPod: (namespace, name) => provider.explainPod(namespace, name),
      explainNode: (name) => provider.explainNode(name),
    };
  }

  async #note(question: AutoscalerQuestion, answer: Promise<AutoscalerAnswer>): Promise<void> {
    const key = questionKey(question);
    let outcome: Pick<Asked, 'answer' | 'error'>;
    try {
      outcome = { answer: await answer, error: this.get(key)?.error };
    } catch (error) {
      const message = (error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE);
      outcome = { answer: undefined, error: { at: this.#clock.now(), message } };
    }
    const known = this.#questions.get(key);
    if (known !== undefined) known.asked = { at: this.#clock.now(), ...outcome };
  }
}

/** Undefined when no pod has what is wanted. */
export function servedValue(answer: AutoscalerAnswer, wanted: AutoscalerMetric): ServedValue | undefined {
  const values = 'values' in answer ? answer.values : answer.usage.flatMap((pod) => used(pod, wanted) ?? []);
  if (values.length === 0) return undefined;
  let sum = 0;
  let timestamp = Number.POSITIVE_INFINITY;
  let window = 0;
  for (const each of values) {
    sum += each.value;
    timestamp = Math.min(timestamp, each.timestamp);
    window = Math.max(window, each.window);
  }
  return { count: values.length, sum, timestamp, window };
}

function used({ containers, timestamp, window }: PodUsage, wanted: AutoscalerMetric): AnsweredValue | undefined {
  if (wanted.type !== 'Resource' && wanted.type !== 'ContainerResource') return undefined;
  const { resource, container } = wanted;
  if (resource !== 'cpu' && resource !== 'memory') return undefined;
  const of = wanted.type === 'Resource' ? containers : containers.filter(({ name }) => name === container);
  if (of.length === 0) return undefined;
  return { value: of.reduce((sum, each) => sum + each[resource], 0), timestamp, window };
}
