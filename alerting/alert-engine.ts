import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type Clock, SYSTEM_CLOCK } from '../clock/clock.ts';
import type { AlertEvent } from '../storage/alert-log.ts';
import type { Appender } from '../storage/appender.ts';
import { Labels } from '../storage/labels.ts';
import { AlertHistory, type WrittenAlertLog } from './alert-history.ts';
import { type AlertInstance, ended, recorded, restored } from './alert-instance.ts';
import { createAlertMetrics } from './alert-metrics.ts';
import type { AlertSnapshot } from './alert-snapshot.ts';
import type { ArrivalFunc } from './arrival.ts';
import { withDeadline } from './deadline.ts';
import type { NotifiableAlert } from './notifiable-alert.ts';
import type { QueryFunc } from './query-func.ts';
import type { AlertingEvaluator, EvaluatorContext } from './rule-evaluator.ts';
import { RuleGroupLoop, type RuleGroupLoopOptions } from './rule-group-loop.ts';
import { alertSnapshots, groupSnapshot, type RuleGroupSnapshot } from './rule-status.ts';
import type { RuleGroup } from './rules/rule.ts';

export interface AlertEngineOptions {
  readonly query: QueryFunc;
  readonly appender: Appender;
  readonly alertLog: WrittenAlertLog;
  readonly logger: Logger;
  readonly registry: Registry;
  /** Default: the clock's. */
  readonly now?: () => number;
  /** What groups wait by. Default: the machine's. */
  readonly clock?: Clock;
  readonly externalLabels: Readonly<Record<string, string>>;
  readonly externalUrl: string;
  /** Of groups without an interval of their own. */
  readonly defaultInterval: number;
  /** Of groups without an offset of their own. Default: 0. */
  readonly defaultQueryOffset?: number;
  /**
   * Makes everything appended visible to queries: a rule that reads what an earlier rule of its group writes then sees
   * the newest. Default: it sees what was written some time before.
   */
  readonly flush?: (signal: AbortSignal) => Promise<void>;
  /** Whether queries see what is appended to a metric at once, without `flush`. Default: they do not. */
  readonly isImmediate?: (metric: string) => boolean;
  /** Is waited for before a group is evaluated. Default: groups are evaluated when their time has come. */
  readonly arrived?: ArrivalFunc;
  /** How far back queries look for the newest sample, in milliseconds. Default: 5 min. */
  readonly lookback?: number;
  /**
   * For how long, at least, a restart does not end the alerts that it continues, in milliseconds; it is two intervals of
   * the group if that is longer. Default: 5 s.
   */
  readonly holdRestored?: number;
  /**
   * Whether all rules are there that there will be after a start: only then are alerts ended whose rules are not among them. Default:
   * those that were applied first are all.
   */
  readonly isComplete?: () => boolean;
  /** How long one query may take, in milliseconds. Default: 2 min. */
  readonly queryTimeout?: number;
  /** How long `stop` waits for what is under way, in milliseconds. Default: 5 s. */
  readonly stopTimeout?: number;
  /**
   * Is given every alert of a rule that fires or has lately ended, after each of its evaluations, and after a restart the ends of the
   * last days: whoever tells of alerts knows which of them were told. Must not throw.
   */
  readonly notify: (alerts: readonly NotifiableAlert[]) => void;
}

/** Evaluates rules. */
export interface AlertEngine {
  /** Replaces all groups; groups and rules that stay, by name, keep their alerts. Alerts of rules that went end. After `stop` nothing happens. */
  apply(groups: readonly RuleGroup[]): void;
  /** Begins to evaluate; resolves at once. */
  start(): Promise<void>;
  /** Aborts what is under way and resolves when it has ended, or after `stopTimeout`. */
  stop(): Promise<void>;
  groups(): readonly RuleGroupSnapshot[];
  alerts(): readonly AlertSnapshot[];
}

/** How old the newest entry of an alert may be to continue from. */
const RESTORE_WITHIN = 90 * 86_400_000;
/** An end may not have been told so long before a restart. */
const SAY_ENDED = 7 * 86_400_000;
const RESTORE_TIMEOUT = 30_000;
/** An alert stays valid at a receiver for this many intervals, or minutes, without being said again. */
const VALID_INTERVALS = 4;
const RESEND = 60_000;
const QUERY_TIMEOUT = 2 * 60_000;
const STOP_TIMEOUT = 5_000;
const HOLD_RESTORED = 5_000;
/** After so long everything has been scraped again, unless its interval is unusual. */
const SCRAPED_WITHIN = 60_000;
const FLUSH_TIMEOUT = 5_000;
/** To the minute, of a short interruption exactly. One of more than an hour is no interruption: what was pending begins anew. */
const LAST_SEEN = 'timestamp(ALERTS_FOR_STATE) or max_over_time(timestamp(ALERTS_FOR_STATE)[1h:1m])';
const LAST_SEEN_ATTEMPTS = 3;
/** After that rules that have not come are gone. */
const COMPLETE_WITHIN = 3_600_000;
const NEVER_SEEN: ReadonlyMap<string, number> = new Map();

export function createAlertEngine(options: AlertEngineOptions): AlertEngine {
  return new Engine(options);
}

class Engine implements AlertEngine {
  readonly #options: AlertEngineOptions;
  readonly #now: () => number;
  readonly #history: AlertHistory;
  readonly #metrics;
  readonly #context: EvaluatorContext;
  #loops: readonly RuleGroupLoop[] = [];
  #started = false;
  readonly #ending = new AbortController();
  /** The log's newest entries, while it has not been read undefined. */
  #log: Map<string, AlertEvent[]> | undefined;
  #reading: Promise<boolean> | undefined;
  #logFailed = false;
  /** When the log was read. */
  #readAt: number | undefined;
  #forgottenEnded = false;
  #lastSeen: Promise<ReadonlyMap<string, number> | undefined> | undefined;
  #lastSeenFailures = 0;
  #changing: Promise<void> = Promise.resolve();

  constructor(options: AlertEngineOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => (options.clock ?? SYSTEM_CLOCK).now());
    this.#history = new AlertHistory(options.alertLog, this.#now);
    this.#metrics = createAlertMetrics(options.registry);
    this.#context = {
      query: (expr, time, signal) => {
        const timeout = options.queryTimeout ?? QUERY_TIMEOUT;
        const message = `a query of a rule must end within ${timeout / 1000} s`;
        return withDeadline((within) => options.query(expr, time, within), { signal, timeout, message });
      },
      lookback: options.lookback,
      scrapedWithin: SCRAPED_WITHIN,
      appender: options.appender,
      history: this.#history,
      externalLabels: Labels.from(options.externalLabels),
      externalUrl: options.externalUrl,
      evaluated: (evaluator, now) => this.#evaluated(evaluator, now),
      templateFailed: () => this.#metrics.templateFailures.inc(),
    };
  }

  apply(groups: readonly RuleGroup[]): void {
    if (this.#ending.signal.aborted) return;
    const old = new Map(this.#loops.map((loop) => [loop.name, loop]));
    const starts: RuleGroupLoop[] = [];
    this.#loops = groups.map((group) => {
      const name = `${group.file};${group.name}`;
      const before = old.get(name);
      const interval = group.interval || this.#options.defaultInterval;
      const same = before?.interval === interval && JSON.stringify(before.group) === JSON.stringify(group);
      if (before !== undefined && same) {
        old.delete(name);
        return before;
      }
      const loop = new RuleGroupLoop(group, this.#loopOptions(interval));
      starts.push(loop);
      return loop;
    });
    this.#changing = this.#changing
      .then(() => this.#replace([...old.values()], starts))
      .catch((error: unknown) => this.#options.logger.error({ err: error }, 'rule groups could not be replaced'));
    if (this.#started) for (const loop of starts) loop.start(this.#changing);
  }

  async start(): Promise<void> {
    if (this.#started || this.#ending.signal.aborted) return;
    this.#started = true;
    for (const loop of this.#loops) loop.start(this.#changing);
  }

  async stop(): Promise<void> {
    this.#ending.abort(new Error('the alert engine was stopped'));
    const timeout = this.#options.stopTimeout ?? STOP_TIMEOUT;
    const ended = async (): Promise<void> => {
      await Promise.all(this.#loops.map((loop) => loop.stop()));
      await this.#changing;
      await this.#history.settled();
    };
    const message = `the alert engine did not end within ${timeout} ms`;
    await withDeadline(ended, { signal: new AbortController().signal, timeout, message }).catch((error: Error) => {
      this.#options.logger.warn(error.message);
    });
  }

  groups(): readonly RuleGroupSnapshot[] {
    return this.#loops.map(groupSnapshot);
  }

  alerts(): readonly AlertSnapshot[] {
    return this.#loops.flatMap((loop) => loop.alerting.flatMap(alertSnapshots));
  }

  #loopOptions(interval: number): RuleGroupLoopOptions {
    return {
      context: this.#context,
      interval,
      queryOffset: this.#options.defaultQueryOffset ?? 0,
      now: this.#now,
      clock: this.#options.clock,
      logger: this.#options.logger,
      metrics: this.#metrics,
      flush: (signal) => this.#flush(signal),
      isImmediate: this.#options.isImmediate,
      arrived: this.#options.arrived,
      restore: (evaluators, signal) => this.#restore(evaluators, { interval, signal }),
    };
  }

  async #flush(signal: AbortSignal): Promise<void> {
    const { flush, logger } = this.#options;
    if (flush === undefined) return;
    const timeout = FLUSH_TIMEOUT;
    const message = `the store did not make what rules wrote visible within ${timeout} ms`;
    // Without it rules see somewhat older results, which is better than none.
    await withDeadline(flush, { signal, timeout, message }).catch((error: unknown) => {
      if (!signal.aborted) logger.warn(error instanceof Error ? error.message : String(error));
    });
  }

  /** Stops loops and hands their alerts on to those that take their place. */
  async #replace(stops: readonly RuleGroupLoop[], starts: readonly RuleGroupLoop[]): Promise<void> {
    await Promise.all(stops.map((loop) => loop.stop()));
    const names = new Set(this.#loops.map(({ name }) => name));
    for (const loop of stops) if (!names.has(loop.name)) loop.forget();
    const heirs = new Map(starts.flatMap((loop) => loop.evaluators.map((evaluator) => [evaluator.id, evaluator])));
    const ends: Promise<void>[] = [];
    for (const loop of stops) {
      for (const evaluator of loop.alerting) {
        const heir = heirs.get(evaluator.id);
        if (heir?.rule.kind === 'alerting') (heir as AlertingEvaluator).adopt(evaluator);
        else await this.#drop(evaluator);
      }
      for (const evaluator of loop.evaluators) {
        const heir = heirs.get(evaluator.id);
        if (heir !== undefined) heir.adoptSeries(evaluator);
        else ends.push(evaluator.end(this.#now()).catch(() => {}));
      }
    }
    // Together: each takes until its samples are durable, and rules may go by the thousand.
    await Promise.all(ends);
  }

  async #drop(evaluator: AlertingEvaluator): Promise<void> {
    try {
      await evaluator.endAlerts(this.#now());
    } catch (error) {
      this.#options.logger.error(
        { err: error, rule: evaluator.id },
        'the end of alerts could not be written to the alert log',
      );
    }
    this.#sayEnded(evaluator.id, [...evaluator.alerts.values()]);
  }

  /** Says that alerts have ended: of a rule that is no longer there, or before a restart. */
  #sayEnded(rule: string, alerts: readonly AlertInstance[]): void {
    const now = this.#now();
    const over = alerts.map((alert) => (alert.state === 'firing' ? ended(alert, now) : alert));
    const about = { expr: '', interval: RESEND, now };
    if (over.length > 0) this.#options.notify(over.map((alert) => this.#notifiable(rule, alert, about)));
  }

  #evaluated(evaluator: AlertingEvaluator, now: number): void {
    const loop = this.#loops.find((other) => other.evaluators.includes(evaluator));
    const about = { expr: evaluator.rule.expr, interval: loop?.interval ?? RESEND, now };
    const alerts = [...evaluator.alerts.values()].filter((alert) => alert.firedAt > 0);
    if (alerts.length > 0) this.#options.notify(alerts.map((alert) => this.#notifiable(evaluator.id, alert, about)));
  }

  #notifiable(
    rule: string,
    alert: AlertInstance,
    about: { readonly expr: string; readonly interval: number; readonly now: number },
  ): NotifiableAlert {
    const { externalLabels, externalUrl } = this.#options;
    const firing = alert.state === 'firing';
    // An alert's own labels win over the external ones.
    const labels = Labels.from({ ...externalLabels, ...alert.labels.toObject() });
    return {
      rule,
      key: alert.labels.key,
      labels: Object.keys(externalLabels).length === 0 ? alert.labels : labels,
      annotations: alert.annotations,
      status: firing ? 'firing' : 'resolved',
      startsAt: alert.firedAt || alert.activeAt,
      endsAt: firing ? 0 : alert.resolvedAt || alert.activeAt,
      validUntil: about.now + VALID_INTERVALS * Math.max(about.interval, RESEND),
      generatorUrl:
        about.expr === '' ? externalUrl : `${externalUrl}/graph?g0.expr=${encodeURIComponent(about.expr)}&g0.tab=1`,
      measured: { value: alert.value, isCurrent: alert.valueIsCurrent },
    };
  }

  async #restore(
    evaluators: readonly AlertingEvaluator[],
    { interval, signal }: { readonly interval: number; readonly signal: AbortSignal },
  ): Promise<boolean> {
    const areRestored = (): boolean => evaluators.every((evaluator) => evaluator.restored);
    if (this.#log === undefined) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      if (!(await this.#reading)) return areRestored();
    }
    await this.#endForgotten();
    if (areRestored()) return true;
    const rememberedOf = ({ id }: AlertingEvaluator): readonly AlertEvent[] => this.#log?.get(id) ?? [];
    const isPending = (evaluator: AlertingEvaluator): boolean =>
      !evaluator.restored && rememberedOf(evaluator).some(({ state }) => state === 'pending');
    if (evaluators.some(isPending)) this.#lastSeen ??= this.#lastSeenPending();
    const lastSeen = await (this.#lastSeen ?? NEVER_SEEN);
    if (lastSeen === undefined) return false;
    signal.throwIfAborted();
    for (const evaluator of evaluators) {
      if (evaluator.restored) continue;
      const now = this.#now();
      const holdUntil = now + Math.max(2 * interval, this.#options.holdRestored ?? HOLD_RESTORED);
      const alerts = new Map<string, AlertInstance>();
      const events = rememberedOf(evaluator);
      for (const event of events) {
        const seen = lastSeen.get(event.labels.key);
        const alert = restored(event, { rule: evaluator.rule, now, lastSeen: seen, holdUntil });
        if (alert !== undefined) alerts.set(alert.labels.key, alert);
      }
      this.#sayEnded(
        evaluator.id,
        this.#lately(events).filter(({ state }) => state !== 'firing'),
      );
      this.#log?.delete(evaluator.id);
      evaluator.restore(alerts, holdUntil);
    }
    return true;
  }

  /**
   * When alerts of some labels were last found active before the start, by the key of their labels: the time of their newest
   * sample of ALERTS_FOR_STATE. Undefined when that has to be asked again.
   */
  async #lastSeenPending(): Promise<ReadonlyMap<string, number> | undefined> {
    const { signal } = this.#ending;
    try {
      await this.#flush(signal);
      const { samples } = await this.#context.query(LAST_SEEN, this.#now(), signal);
      return new Map(samples.map(({ labels, value }) => [labels.key, value * 1000]));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (++this.#lastSeenFailures < LAST_SEEN_ATTEMPTS) {
        this.#lastSeen = undefined;
        return undefined;
      }
      this.#options.logger.warn(
        `pending alerts begin anew, since until when they were seen cannot be read: ${message}`,
      );
      return NEVER_SEEN;
    }
  }

  async #read(): Promise<boolean> {
    const { logger } = this.#options;
    try {
      this.#log = await withDeadline((signal) => this.#history.remembered(this.#now() - RESTORE_WITHIN, signal), {
        signal: this.#ending.signal,
        timeout: RESTORE_TIMEOUT,
        message: `the alert log gave no answer within ${RESTORE_TIMEOUT / 1000} s`,
      });
    } catch (error) {
      if (this.#logFailed || this.#ending.signal.aborted) return false;
      this.#logFailed = true;
      const message = error instanceof Error ? error.message : String(error);
      logger.error(`no alerting rule is evaluated until the alert log can be read: ${message}`);
      return false;
    }
    if (this.#logFailed) logger.info('the alert log can be read again');
    this.#readAt = this.#now();
    for (const rule of this.#log.keys()) if (!isRuleId(rule)) this.#log.delete(rule);
    return true;
  }

  /** Ends the alerts of rules that went while nothing ran, once it is known which those are. */
  async #endForgotten(): Promise<void> {
    const { isComplete = () => true } = this.#options;
    if (this.#readAt === undefined || this.#forgottenEnded) return;
    if (!isComplete() && this.#now() - this.#readAt < COMPLETE_WITHIN) return;
    this.#forgottenEnded = true;
    const known = new Set(this.#loops.flatMap((loop) => loop.alerting.map((evaluator) => evaluator.id)));
    for (const [rule, remembered] of this.#log ?? []) {
      if (known.has(rule)) continue;
      this.#log?.delete(rule);
      const alerts = remembered.map(recorded);
      const changed = alerts.filter(({ state }) => state !== 'inactive').map((alert) => ended(alert, this.#now()));
      try {
        await this.#history.change((append) => append(changed.map((alert) => ({ rule, alert }))));
      } catch (error) {
        this.#options.logger.error({ err: error, rule }, 'the end of alerts could not be written to the alert log');
      }
      this.#sayEnded(rule, this.#lately(remembered));
    }
  }

  /** Alerts whose end somebody may still have to be told. One that is pending again may have ended before. */
  #lately(events: readonly AlertEvent[]): AlertInstance[] {
    const since = this.#now() - SAY_ENDED;
    return events.map(recorded).filter(({ state, resolvedAt }) => state !== 'inactive' || resolvedAt >= since);
  }
}

/** The log has alerts of policies too, whose ids have two parts. */
function isRuleId(rule: string): boolean {
  return !/^\["policy","[^"]*"\]$/.test(rule);
}
