import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type Clock, SYSTEM_CLOCK } from '../../clock/clock.ts';
import type { Appender } from '../../storage/appender.ts';
import { Labels } from '../../storage/labels.ts';
import type { WrittenAlertLog } from '../alert-history.ts';
import type { AlertSnapshot } from '../alert-snapshot.ts';
import type { ArrivalFunc } from '../arrival.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import type { SampleReader } from '../sample-reader.ts';
import type { MetricInfoFunc } from './alert-text.ts';
import type { AlertPolicy } from './policy.ts';
import { createPolicyMetrics } from './policy-metrics.ts';
import { type PolicyPreview, type PreviewOptions, previewPolicy } from './policy-preview.ts';
import { PolicySession } from './policy-session.ts';
import { type MetricRead, metricReads, type PolicySnapshot } from './policy-status.ts';
import type { VoiceContext } from './policy-voice.ts';

export interface PolicyEngineOptions {
  readonly read: SampleReader;
  readonly appender: Appender;
  readonly alertLog: WrittenAlertLog;
  /** Is waited for before what ended at a time is evaluated. */
  readonly arrival: ArrivalFunc;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly externalLabels: Readonly<Record<string, string>>;
  readonly externalUrl: string;
  readonly metricInfo: MetricInfoFunc;
  /** Answers `query` in templates; the time is in milliseconds. Default: they cannot ask. */
  readonly query?: VoiceContext['query'];
  /** Is given every alert that fires, and those that ended lately, after each round. Must not throw. */
  readonly notify: (alerts: readonly NotifiableAlert[]) => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** Evaluates policies. */
export interface PolicyEngine {
  /** Makes these the policies. Alerts of policies that stay, by id, go on, and end where they do not hold any more; those of others end. */
  apply(policies: readonly AlertPolicy[]): void;
  /**
   * Begins to evaluate, with what the log and the samples say of the time before: after a restart, or when another process did it
   * until now. Policies should have been applied.
   */
  start(): void;
  /** Ends; what is under way is given up and changes nothing. It may be started again. */
  stop(): Promise<void>;
  snapshots(): readonly PolicySnapshot[];
  /** Of one policy; undefined when it is not evaluated. */
  snapshot(id: string): PolicySnapshot | undefined;
  /** Pending and firing alerts of all policies, with the labels that their series have. */
  alerts(): readonly AlertSnapshot[];
  /** Evaluates a policy over the past, by the samples that are stored, and changes nothing. Rejects with an Error for the user. */
  preview(policy: AlertPolicy, options: PreviewOptions, signal: AbortSignal): Promise<PolicyPreview>;
  /** Which metrics are read, and how far back, so that they can be kept in memory. */
  reads(): readonly MetricRead[];
}

export function createPolicyEngine(options: PolicyEngineOptions): PolicyEngine {
  return new Engine(options);
}

class Engine implements PolicyEngine {
  readonly #options: PolicyEngineOptions;
  readonly #clock: Clock;
  readonly #context: VoiceContext;
  readonly #metrics;
  #policies: readonly AlertPolicy[] = [];
  #session: PolicySession | undefined;

  constructor(options: PolicyEngineOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#metrics = createPolicyMetrics(options.registry);
    this.#context = {
      externalLabels: Labels.from(options.externalLabels),
      externalUrl: options.externalUrl,
      metricInfo: options.metricInfo,
      query: options.query ?? (() => Promise.reject(new Error('templates of policies cannot query here'))),
      templateFailed: () => this.#metrics.templateFailures.inc(),
    };
  }

  apply(policies: readonly AlertPolicy[]): void {
    this.#policies = policies.filter(({ enabled }) => enabled);
    this.#metrics.policies.set(this.#policies.length);
    this.#session?.apply(this.#policies);
  }

  start(): void {
    if (this.#session !== undefined) return;
    this.#session = new PolicySession(this.#options, {
      clock: this.#clock,
      context: this.#context,
      metrics: this.#metrics,
    });
    this.#session.apply(this.#policies);
    this.#session.start();
  }

  async stop(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.stop();
    this.#metrics.alerts.set(0);
  }

  snapshots(): readonly PolicySnapshot[] {
    return this.#session?.snapshots() ?? [];
  }

  snapshot(id: string): PolicySnapshot | undefined {
    return this.#session?.snapshot(id);
  }

  alerts(): readonly AlertSnapshot[] {
    return this.#session?.alerts() ?? [];
  }

  preview(policy: AlertPolicy, options: PreviewOptions, signal: AbortSignal): Promise<PolicyPreview> {
    return previewPolicy(policy, options, { read: this.#options.read, signal });
  }

  reads(): readonly MetricRead[] {
    return metricReads(this.#policies);
  }
}
