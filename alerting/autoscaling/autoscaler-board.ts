import type { Clock } from '../../clock/clock.ts';
import { type Asked, type AskedQuestions, type ServedValue, servedValue } from './asked-questions.ts';
import type { Autoscaler, AutoscalerMetric } from './autoscaler.ts';
import { type AutoscalerQuestion, namedMetric } from './autoscaler-question.ts';
import { type Autoscalers, type FollowedAutoscaler, nameOf, type ScalingDecision } from './autoscalers.ts';
import type { MetricsProvider, UsageProvider } from './metrics-provider.ts';
import type { RegistrationStatus } from './serving/registration.ts';
import { type ServedByName, servedByName, servingMetric, whyUnserved } from './unserved-metric.ts';

export interface AutoscalerBoardDeps {
  readonly autoscalers: Autoscalers;
  readonly asked: AskedQuestions;
  /** Not those that remember questions: what is looked at here has not been asked by an autoscaler. */
  readonly metrics: MetricsProvider;
  readonly usage: UsageProvider;
  /** How the metrics APIs stand with the API server. Default: somebody else registers them, and nothing is known. */
  readonly registration?: () => readonly RegistrationStatus[];
  readonly clock: Clock;
}

/** An autoscaler, what it was served and what is wrong with it. */
export interface BoardedAutoscaler {
  readonly autoscaler: Autoscaler;
  /** The newest last. */
  readonly decisions: readonly ScalingDecision[];
  /** In the order of its spec. */
  readonly metrics: readonly BoardedMetric[];
  /** For people; [] when all is well. */
  readonly problems: readonly string[];
}

export interface BoardedMetric {
  readonly wanted: AutoscalerMetric;
  /** What its controller asks; undefined when that cannot be known. */
  readonly question: AutoscalerQuestion | undefined;
  /** The last time somebody asked that; undefined for never. */
  readonly asked: Asked | undefined;
  /** Where what serves it comes from; undefined when nothing does. */
  readonly origin: string | undefined;
  /** What it was served last, or would be; undefined when that is nothing. */
  readonly served: ServedValue | undefined;
  readonly problem: string | undefined;
}

/** What was answered this long ago is not asked again to be shown, in milliseconds: four times as long as controllers wait. */
const RECENT = 60_000;
/** Conditions of an autoscaler that must hold. */
const VITAL = ['AbleToScale', 'ScalingActive'];
/** The target is scaled to zero by hand, which turns the autoscaler off. */
const TURNED_OFF = 'ScalingDisabled';

/** What there is to know about the autoscalers of the cluster. */
export class AutoscalerBoard {
  readonly #deps: AutoscalerBoardDeps;

  constructor(deps: AutoscalerBoardDeps) {
    this.#deps = deps;
  }

  /** Whether it is known which autoscalers there are. */
  get isListed(): boolean {
    return this.#deps.autoscalers.isListed;
  }

  /** How the metrics APIs stand with the API server; undefined when Pharos does not look after that. */
  registration(): readonly RegistrationStatus[] | undefined {
    return this.#deps.registration?.();
  }

  /** All of them, as they are remembered: nothing is asked. */
  all(): readonly BoardedAutoscaler[] {
    const served = servedByName(this.#deps.metrics.metrics());
    return this.#deps.autoscalers.all().map((followed) => this.#boarded(followed, served));
  }

  get(namespace: string, name: string): BoardedAutoscaler | undefined {
    const followed = this.#deps.autoscalers.get(namespace, name);
    return followed && this.#boarded(followed, servedByName(this.#deps.metrics.metrics()));
  }

  /** The same with what each would be served now, where nobody has asked lately, as when its controller asks another instance. */
  async answered(boarded: BoardedAutoscaler, signal: AbortSignal): Promise<BoardedAutoscaler> {
    const recent = this.#deps.clock.now() - RECENT;
    const isRecent = ({ asked }: BoardedMetric): boolean => asked !== undefined && asked.at >= recent;
    if (boarded.metrics.every((metric) => isRecent(metric))) return boarded;
    const metrics = await Promise.all(
      boarded.metrics.map((metric) => (isRecent(metric) ? metric : this.#ask(metric, signal))),
    );
    return { ...boarded, metrics, problems: problemsOf(boarded.autoscaler, metrics) };
  }

  /** Why each metric of an autoscaler has the value that it has, or none. */
  async explain({ metrics }: BoardedAutoscaler, signal: AbortSignal): Promise<readonly (readonly string[])[]> {
    return Promise.all(
      metrics.map(async ({ question, origin }) => {
        if (question === undefined || question.api === 'resource' || origin === undefined) return [];
        return this.#deps.metrics.explain(question.question, signal);
      }),
    );
  }

  #boarded({ autoscaler, questions, decisions }: FollowedAutoscaler, served: ServedByName): BoardedAutoscaler {
    const metrics = autoscaler.metrics.map((wanted, i): BoardedMetric => {
      const question = questions[i];
      const asked = question && this.#deps.asked.get(question.key);
      const named = namedMetric(autoscaler, wanted);
      const unserved = whyUnserved(autoscaler, wanted, served);
      const ofUsage = question?.asked.api === 'resource' && unserved === undefined ? 'metrics.k8s.io' : undefined;
      const value = asked?.answer && servedValue(asked.answer, wanted);
      const failed = asked !== undefined && asked.answer === undefined ? asked.error?.message : undefined;
      const needsPods = wanted.type !== 'Object' && wanted.type !== 'External';
      const unknown = needsPods && autoscaler.pods === undefined ? autoscaler.podsUnknown : undefined;
      return {
        wanted,
        question: question?.asked,
        asked,
        origin: named === undefined ? ofUsage : servingMetric(named, served)?.origin,
        served: value,
        problem: unserved ?? failed ?? unknown ?? lackOf(wanted, asked, value),
      };
    });
    return { autoscaler, decisions, metrics, problems: problemsOf(autoscaler, metrics) };
  }

  async #ask(metric: BoardedMetric, signal: AbortSignal): Promise<BoardedMetric> {
    const { question, wanted, origin } = metric;
    if (question === undefined || origin === undefined) return metric;
    const { metrics, usage } = this.#deps;
    try {
      const answer =
        question.api === 'resource'
          ? { usage: await usage.pods(question.namespace, question.selector, signal) }
          : question.api === 'external'
            ? { values: await metrics.external(question.question, signal) }
            : { values: await metrics.objects(question.question, signal) };
      const served = servedValue(answer, wanted);
      return { ...metric, served, problem: served === undefined ? NOTHING : undefined };
    } catch (error) {
      if (signal.aborted) throw error;
      return { ...metric, served: undefined, problem: error instanceof Error ? error.message : String(error) };
    }
  }
}

const NOTHING = 'the answer is empty: none of the pods that match has it';

function lackOf(
  wanted: AutoscalerMetric,
  asked: Asked | undefined,
  value: ServedValue | undefined,
): string | undefined {
  if (asked?.answer === undefined || value !== undefined || wanted.fault !== undefined) return undefined;
  return NOTHING;
}

function problemsOf({ conditions }: Autoscaler, metrics: readonly BoardedMetric[]): readonly string[] {
  const ofMetrics = metrics.flatMap(({ wanted, problem }) =>
    problem === undefined ? [] : [`${nameOf(wanted)}: ${problem}`],
  );
  const ofConditions = conditions
    .filter(({ type, status, reason }) => VITAL.includes(type) && status === 'False' && reason !== TURNED_OFF)
    .map(({ type, reason, message }) => `${type} is False, ${reason}: ${message}`);
  return [...new Set([...ofMetrics, ...ofConditions])];
}
