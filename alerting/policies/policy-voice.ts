import { Labels } from '../../storage/labels.ts';
import type { Notice } from '../notice.ts';
import type { AlertSubject, NotifiableAlert } from '../notifiable-alert.ts';
import { Template, type TemplateQuery } from '../template/template.ts';
import { defaultAnnotations, type MetricInfoFunc, unitOf } from './alert-text.ts';
import type { AlertPolicy } from './policy.ts';
import { POLICY_LABEL, type PolicyAlert, policyRule, severityOf } from './policy-alert.ts';

/** What alerts of policies need of the world around. */
export interface VoiceContext {
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  readonly metricInfo: MetricInfoFunc;
  /** For `query` in templates; the time is in milliseconds. */
  readonly query: (expr: string, time: number, signal: AbortSignal) => ReturnType<TemplateQuery>;
  /** Is told of each template that could not be expanded. */
  readonly templateFailed: () => void;
}

/** An alert with the words for it. */
export interface SpokenAlert {
  readonly alert: PolicyAlert;
  /** Without the severity, as long as the alert lasts the same. */
  readonly labels: Labels;
  readonly annotations: Labels;
}

interface Made {
  readonly level: number;
  readonly index: number;
  readonly labels: Labels;
  readonly generatorUrl: string;
  readonly subject: Omit<AlertSubject, 'threshold' | 'value'>;
}

/** How long a receiver takes an alert for firing without hearing of it, in periods, and at least. */
const VALID_PERIODS = 4;
const LEAST_VALID = 4 * 60_000;

/** Puts a policy's alerts into labels, annotations and what receivers get to see. */
export class PolicyVoice {
  readonly policy: AlertPolicy;
  readonly rule: string;
  readonly #context: VoiceContext;
  readonly #labels: readonly (readonly [string, Template])[];
  readonly #annotations: readonly (readonly [string, Template])[];
  readonly #notice: Notice | undefined;
  readonly #period: number;
  readonly #made = new WeakMap<Labels, Made>();

  constructor(policy: AlertPolicy, context: VoiceContext) {
    this.policy = policy;
    this.rule = policyRule(policy.id);
    this.#context = context;
    this.#labels = templates(policy.labels);
    this.#annotations = templates(policy.annotations);
    this.#notice = noticeOf(policy);
    this.#period = Math.min(...policy.conditions.map(({ period }) => period));
  }

  /** Says it, with the labels that it has already. A template that fails becomes a text that says why; no alert is lost by it. */
  async speak(alert: PolicyAlert, labels: Labels | undefined, signal: AbortSignal): Promise<SpokenAlert> {
    const { policy } = this;
    const own = labels ?? (await this.#alertLabels(alert, signal));
    const { metricInfo } = this.#context;
    const condition = policy.conditions[alert.condition] ?? policy.conditions[0]!;
    const annotations = new Map<string, string>(
      Object.entries(defaultAnnotations(alert, { policy, info: metricInfo(condition.metric) })),
    );
    const all = own.with('severity', severityOf(alert.level));
    for (const [name, text] of await this.#expand(this.#annotations, alert, all, signal)) annotations.set(name, text);
    if (alert.absentSince > 0)
      annotations.set('no_data', `no value since ${new Date(alert.absentSince).toISOString()}`);
    return { alert, labels: own, annotations: Labels.from(annotations) };
  }

  /** Only the labels, for one that nobody is told of. */
  async name(alert: PolicyAlert, labels: Labels | undefined, signal: AbortSignal): Promise<SpokenAlert> {
    return { alert, labels: labels ?? (await this.#alertLabels(alert, signal)), annotations: Labels.EMPTY };
  }

  /** The labels of an alert's series, and of what receivers get, but for the external ones. */
  fullLabels({ alert, labels }: Pick<SpokenAlert, 'alert' | 'labels'>): Labels {
    return labels.with('severity', severityOf(alert.level));
  }

  notifiable(spoken: SpokenAlert, now: number): NotifiableAlert {
    const { alert, labels, annotations } = spoken;
    const firing = alert.state === 'firing';
    const made = this.#madeOf(spoken);
    return {
      rule: this.rule,
      key: labels.key,
      labels: made.labels,
      annotations,
      status: firing ? 'firing' : 'resolved',
      startsAt: alert.firedAt,
      endsAt: firing ? 0 : alert.resolvedAt,
      validUntil: now + Math.max(VALID_PERIODS * this.#period, LEAST_VALID),
      generatorUrl: made.generatorUrl,
      notice: this.#notice,
      subject: { ...made.subject, threshold: alert.threshold, value: alert.value },
    };
  }

  /** What stays the same from round to round is made once per alert, level and condition. */
  #madeOf(spoken: SpokenAlert): Made {
    const { alert, labels } = spoken;
    const { level, condition: index } = alert;
    const known = this.#made.get(labels);
    if (known?.level === level && known.index === index) return known;
    const { policy } = this;
    const { externalLabels, externalUrl, metricInfo } = this.#context;
    const condition = policy.conditions[index] ?? policy.conditions[0]!;
    const full = this.fullLabels(spoken);
    const expr = alert.labels.with('__name__', condition.metric).toString();
    const made: Made = {
      level,
      index,
      labels: externalLabels.size === 0 ? full : Labels.from([...externalLabels, ...full]),
      generatorUrl: `${externalUrl}/graph?g0.expr=${encodeURIComponent(expr)}&g0.tab=0`,
      subject: {
        policyId: policy.id,
        policyName: policy.name,
        objectLevel: policy.level,
        object: alert.labels.toObject(),
        metric: condition.metric,
        operator: condition.operator,
        unit: unitOf(condition, metricInfo(condition.metric)),
        period: condition.period,
        periods: condition.periods,
      },
    };
    this.#made.set(labels, made);
    return made;
  }

  async #alertLabels(alert: PolicyAlert, signal: AbortSignal): Promise<Labels> {
    const own = await this.#expand(this.#labels, alert, alert.labels.with('severity', severityOf(alert.level)), signal);
    // What says which object it is cannot be changed by the policy's own labels.
    const { name, id } = this.policy;
    return Labels.from([...own, ...alert.labels, ['alertname', name], [POLICY_LABEL, id]]).with('severity', '');
  }

  async #expand(
    texts: readonly (readonly [string, Template])[],
    alert: PolicyAlert,
    labels: Labels,
    signal: AbortSignal,
  ): Promise<[string, string][]> {
    if (texts.length === 0) return [];
    const { externalLabels, externalUrl, query, templateFailed } = this.#context;
    const now = alert.evaluatedAt;
    const data = { labels, value: alert.value, externalLabels, externalUrl, now };
    const expanded: [string, string][] = [];
    for (const [name, template] of texts) {
      try {
        expanded.push([name, await template.expand(data, (expr) => query(expr, now, signal))]);
      } catch (error) {
        signal.throwIfAborted();
        templateFailed();
        const reason = error instanceof Error ? error.message : String(error);
        expanded.push([
          name,
          `<error expanding template: error executing template __policy_${this.policy.id}: ${reason}>`,
        ]);
      }
    }
    return expanded;
  }
}

function noticeOf({ id, notice }: AlertPolicy): Notice | undefined {
  const { receivers, groupBy, repeat } = notice;
  if (receivers.length === 0 && groupBy === undefined && repeat === undefined) return undefined;
  return { key: id, receivers, groupBy, groupWait: undefined, groupInterval: undefined, repeat };
}

function templates(texts: Readonly<Record<string, string>>): (readonly [string, Template])[] {
  return Object.entries(texts).map(([name, text]) => [name, new Template(text)] as const);
}
