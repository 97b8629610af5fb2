import { type Clock, wait } from '../../clock/clock.ts';
import { Labels } from '../../storage/labels.ts';
import { AlertHistory, type HistoryEntry } from '../alert-history.ts';
import type { AlertSnapshot } from '../alert-snapshot.ts';
import { withDeadline } from '../deadline.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import { RoundOfSamples } from '../rule-series.ts';
import { commitStaged, evaluateUpTo, fillSpan, ObjectTables, type StagedRun } from './evaluation.ts';
import { EvaluationMarks } from './evaluation-marks.ts';
import type { AlertPolicy } from './policy.ts';
import { loggedInstance, type PolicyAlert, policyRule, restoredAlert } from './policy-alert.ts';
import type { PolicyEngineOptions } from './policy-engine.ts';
import { PolicyEntry, saysTheSame } from './policy-entry.ts';
import { PolicyMemory } from './policy-memory.ts';
import type { PolicyMetrics } from './policy-metrics.ts';
import { PolicyRun } from './policy-run.ts';
import { alertSnapshots, type PolicySnapshot, policySnapshot } from './policy-status.ts';
import { PolicyVoice, type SpokenAlert, type VoiceContext } from './policy-voice.ts';

const DAY = 86_400_000;
/** Of periods that were not evaluated in time, so many are made up for, and so much time. */
const CATCH_UP_PERIODS = 60;
const CATCH_UP = DAY;
/** Policies that look back further after a start are begun one after the other: 6 h. */
const QUICK = 6 * 3_600_000;
/** At least so often what fires is told and written. */
const REFRESH = 60_000;
const LOG_TIMEOUT = 30_000;
const RETRY = 5_000;
const STOP_TIMEOUT = 5_000;
/** Objects without samples are forgotten now and then. */
const PRUNE = 10 * 60_000;

/**
 * The evaluation of policies from a start to a stop. What a period changes is in the alert log before it is made so and told;
 * nothing that is read or written here and fails changes anything.
 */
export class PolicySession {
  readonly #options: PolicyEngineOptions;
  readonly #clock: Clock;
  readonly #context: VoiceContext;
  readonly #metrics: PolicyMetrics;
  readonly #history: AlertHistory;
  readonly #marks: EvaluationMarks;
  readonly #memory: PolicyMemory;
  readonly #tables = new ObjectTables();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #entries = new Map<string, PolicyEntry>();
  /** What is to be evaluated, once the round that is under way has ended. */
  #wanted: readonly AlertPolicy[] | undefined;
  #wake: () => void = () => {};
  readonly #periods = new Set<number>();
  #lastTick = 0;
  #prunedAt = 0;
  #isUrgent = false;

  constructor(
    options: PolicyEngineOptions,
    shared: {
      readonly clock: Clock;
      readonly context: VoiceContext;
      readonly metrics: PolicyMetrics;
    },
  ) {
    this.#options = options;
    this.#clock = shared.clock;
    this.#context = shared.context;
    this.#metrics = shared.metrics;
    this.#history = new AlertHistory(options.alertLog, () => this.#clock.now());
    this.#marks = new EvaluationMarks(options.appender);
    const { read, logger } = options;
    this.#memory = new PolicyMemory({ history: this.#history, read, catchUp: CATCH_UP, clock: this.#clock, logger });
  }

  apply(policies: readonly AlertPolicy[]): void {
    this.#wanted = policies;
    this.#wake();
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the policy engine was stopped'));
    const message = `the policy engine did not end within ${STOP_TIMEOUT} ms`;
    const { signal } = new AbortController();
    await withDeadline(async () => this.#running, { signal, timeout: STOP_TIMEOUT, message }).catch((error: Error) => {
      this.#options.logger.warn(error.message);
    });
    this.#marks.release();
    for (const { series } of this.#entries.values()) series.release();
  }

  snapshots(): readonly PolicySnapshot[] {
    return Array.from(this.#entries.values(), policySnapshot);
  }

  snapshot(id: string): PolicySnapshot | undefined {
    const entry = this.#entries.get(id);
    return entry === undefined ? undefined : policySnapshot(entry);
  }

  alerts(): readonly AlertSnapshot[] {
    return [...this.#entries.values()].flatMap(alertSnapshots);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (this.#memory.isRead || (await this.#memory.read(this.#wantedIds(), signal))) await this.#turn(signal);
        else await this.#sleep(RETRY);
      } catch (error) {
        if (signal.aborted) return;
        this.#options.logger.error({ err: error }, 'a round of evaluation of policies failed');
        await wait(this.#clock, RETRY, signal);
      }
    }
  }

  /** Evaluates what is due, or waits until something is. */
  async #turn(signal: AbortSignal): Promise<void> {
    await this.#replace(signal);
    await this.#forget(signal);
    const now = this.#clock.now();
    const tick = this.#tick(now);
    if (tick < this.#lastTick - REFRESH) this.#wentBack(tick);
    if (tick <= this.#lastTick && !this.#isUrgent) {
      await this.#sleep(this.#nextTick(now) - now);
      return;
    }
    const due = Math.max(tick, this.#lastTick);
    const arrived = await this.#options.arrival(due, signal);
    signal.throwIfAborted();
    if (arrived === 'late') this.#metrics.late.inc();
    this.#isUrgent = false;
    this.#lastTick = due;
    await this.#round(due, signal);
  }

  /** Until the time is over, policies were applied, or it is to stop. */
  async #sleep(milliseconds: number): Promise<void> {
    if (this.#wanted !== undefined && this.#memory.isRead) return;
    const waking = new AbortController();
    const stop = (): void => waking.abort();
    const { signal } = this.#stopping;
    this.#wake = stop;
    signal.addEventListener('abort', stop, { once: true });
    if (!signal.aborted) await wait(this.#clock, Math.max(1, milliseconds), waking.signal);
    signal.removeEventListener('abort', stop);
    this.#wake = () => {};
  }

  /** The last end of any period. */
  #tick(now: number): number {
    let tick = 0;
    for (const period of this.#periods) tick = Math.max(tick, Math.floor(now / period) * period);
    return tick;
  }

  #nextTick(now: number): number {
    let next = now + REFRESH;
    for (const period of this.#periods) next = Math.min(next, (Math.floor(now / period) + 1) * period);
    return next;
  }

  /** The clock was set back: what was evaluated of a time that has not come yet does not count. */
  #wentBack(tick: number): void {
    this.#options.logger.warn('the clock was set back; policies are evaluated by the new time');
    this.#lastTick = tick - 1;
    for (const { run } of this.#entries.values()) {
      for (const condition of run.conditions) {
        const before = condition.lastEnd(tick) - condition.condition.period;
        condition.evaluatedTo = Math.min(condition.evaluatedTo, before);
      }
      run.isFilled = false;
    }
  }

  async #round(tick: number, signal: AbortSignal): Promise<void> {
    const started = this.#clock.elapsed();
    const entries = [...this.#entries.values()];
    for (const entry of entries) this.#begin(entry, tick);
    const isSlow = ({ run }: PolicyEntry): boolean => !run.isFilled && fillSpan(run) > QUICK;
    const slow = entries.filter(isSlow);
    await this.#evaluate(slow.length === 0 ? entries : entries.filter((entry) => !isSlow(entry)), tick, signal);
    // One that has a long past to read must not keep the others waiting.
    if (slow.length > 0) await this.#evaluate(slow.slice(0, 1), tick, signal);
    this.#isUrgent ||= slow.length > 1;
    this.#prune(tick);
    this.#metrics.rounds.inc();
    this.#metrics.duration.observe((this.#clock.elapsed() - started) / 1000);
  }

  /** Evaluates these policies up to the tick, tells and writes what has become of them. */
  async #evaluate(entries: readonly PolicyEntry[], tick: number, signal: AbortSignal): Promise<void> {
    const failed = new Map<PolicyRun, Error>();
    await evaluateUpTo(
      entries.map(({ run }) => run),
      tick,
      {
        read: this.#options.read,
        signal,
        reading: (requests) => this.#metrics.reads.inc(requests.length),
        commit: (at, staged) => this.#commit(staged, { at, tick, signal }),
        failed: (run, error) => failed.set(run, error),
      },
    );
    for (const entry of entries) this.#noted(entry, tick, failed.get(entry.run));
    this.#notify();
    await this.#write(entries, tick);
  }

  #noted(entry: PolicyEntry, tick: number, error: Error | undefined): void {
    if (error === undefined) {
      entry.health = 'ok';
      entry.lastError = '';
      entry.lastEvaluation = tick;
      return;
    }
    this.#metrics.failures.inc();
    if (entry.lastError !== error.message) {
      const { id } = entry.policy;
      this.#options.logger.warn({ policy: id }, `a policy could not be evaluated: ${error.message}`);
    }
    entry.health = 'err';
    entry.lastError = error.message;
  }

  /** Sets from when on it is evaluated, as far as it is not too long ago. */
  #begin(entry: PolicyEntry, tick: number): void {
    const { run } = entry;
    for (const condition of run.conditions) {
      const { period } = condition.condition;
      const last = condition.lastEnd(tick);
      if (entry.isNew) {
        condition.evaluatedTo = last - period;
        continue;
      }
      const behind = (last - condition.lastEnd(condition.evaluatedTo)) / period;
      const most = Math.max(1, Math.min(CATCH_UP_PERIODS, Math.floor(CATCH_UP / period)));
      if (behind <= most) continue;
      this.#metrics.missed.inc(behind - most);
      condition.evaluatedTo = last - most * period;
      run.isFilled = false;
    }
    entry.isNew = false;
  }

  /** Transitions are in the log before anything is made so. */
  async #commit(
    staged: readonly StagedRun[],
    { at, tick, signal }: { readonly at: number; readonly tick: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const spoken: { readonly entry: PolicyEntry; readonly said: SpokenAlert }[] = [];
    const events: HistoryEntry[] = [];
    for (const { run, changes } of staged) {
      if (changes.length === 0) continue;
      const entry = this.#entries.get(run.policy.id)!;
      for (const { object, before, after } of changes) {
        if (after === undefined) continue;
        const last = entry.spoken.get(object);
        const logged = isLogged(before, after);
        let said: SpokenAlert;
        if (last !== undefined && !logged && saysTheSame(last.alert, after)) said = { ...last, alert: after };
        else if (logged || after.firedAt > 0) said = await entry.voice.speak(after, last?.labels, signal);
        else said = await entry.voice.name(after, last?.labels, signal);
        spoken.push({ entry, said });
        if (logged) events.push({ rule: entry.voice.rule, alert: loggedInstance(after, said) });
      }
    }
    await this.#log(events, signal);
    for (const one of staged) {
      commitStaged(one);
      const late = one.run.conditions.filter(
        ({ condition }, c) => one.period.steps[c] !== undefined && at + condition.period <= tick,
      );
      if (late.length > 0) this.#metrics.caughtUp.inc(late.length);
    }
    for (const { entry, said } of spoken) entry.put(said);
  }

  async #log(events: readonly HistoryEntry[], signal: AbortSignal): Promise<void> {
    if (events.length === 0) return;
    await withDeadline(() => this.#history.change((append) => append(events)), {
      signal,
      timeout: LOG_TIMEOUT,
      message: `the alert log must take events within ${LOG_TIMEOUT / 1000} s`,
    });
  }

  #notify(): void {
    const now = this.#clock.now();
    const alerts: NotifiableAlert[] = [];
    let firing = 0;
    for (const entry of this.#entries.values()) {
      for (const spoken of entry.told(now)) {
        if (spoken.alert.state === 'firing') firing++;
        alerts.push(entry.voice.notifiable(spoken, now));
      }
    }
    this.#metrics.alerts.set(firing);
    if (alerts.length > 0) this.#options.notify(alerts);
  }

  /** Series are for looking at: that they cannot be written holds up nothing. */
  async #write(entries: readonly PolicyEntry[], tick: number): Promise<void> {
    const evaluated = entries.filter(({ lastEvaluation }) => lastEvaluation === tick);
    const due = entries.filter((entry) => entry.lastEvaluation === tick || tick - entry.writtenAt >= REFRESH);
    // Policies of one name may write the same series.
    const round = new RoundOfSamples();
    const writes = [
      ...due.map((entry) => entry.write(tick, round)),
      this.#marks.write(
        evaluated
          .filter(({ run }) => run.conditions.some(({ evaluatedTo }) => evaluatedTo === tick))
          .map(({ policy }) => policy.id),
        tick,
      ),
    ];
    for (const result of await Promise.allSettled(writes)) {
      if (result.status === 'rejected') {
        this.#options.logger.warn({ err: result.reason }, 'series of policies could not be written');
        return;
      }
    }
  }

  #prune(tick: number): void {
    if (tick - this.#prunedAt < PRUNE) return;
    this.#prunedAt = tick;
    const runs = Array.from(this.#entries.values(), ({ run }) => run);
    const least = new Map<unknown, number>();
    for (const run of runs) {
      for (const { table, condition } of run.conditions) {
        const { mode, after } = run.policy.noData;
        const needed = 2 * condition.outOf * condition.period + (mode === 'alert' ? after : 0) + PRUNE;
        least.set(table, Math.max(least.get(table) ?? 0, needed));
      }
    }
    for (const table of this.#tables) {
      table.prune(tick - (least.get(table) ?? 0), (object) => runs.some((run) => run.isNeeded(object)));
    }
    this.#tables.sweep();
  }

  /** Puts the policies that were applied in place of those before. */
  async #replace(signal: AbortSignal): Promise<void> {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    this.#wanted = undefined;
    const before = this.#entries;
    const entries = new Map<string, PolicyEntry>();
    const leaving: PolicyEntry[] = [];
    for (const policy of wanted) {
      const old = before.get(policy.id);
      before.delete(policy.id);
      if (old !== undefined && JSON.stringify(old.policy) === JSON.stringify(policy)) {
        entries.set(policy.id, old);
        continue;
      }
      const run = new PolicyRun(policy, (metric, level) => this.#tables.tableOf(metric, level));
      const voice = new PolicyVoice(policy, this.#context);
      const goesOn = old !== undefined && hasSameLabels(old.policy, policy);
      const entry = new PolicyEntry(run, voice, goesOn ? old.series : this.#options.appender);
      entries.set(policy.id, entry);
      this.#isUrgent = true;
      if (old === undefined) this.#continue(entry);
      else if (goesOn) takeOver(entry, old);
      else leaving.push(old);
      if (goesOn) old.run.close();
    }
    leaving.push(...before.values());
    this.#entries = entries;
    this.#periods.clear();
    for (const { conditions } of wanted) for (const { period } of conditions) this.#periods.add(period);
    // What fires is told again in between.
    if (wanted.length > 0) this.#periods.add(REFRESH);
    for (const entry of leaving) await this.#end(entry, signal);
    this.#tables.sweep();
  }

  /** Ends the alerts of a policy that is no longer there. */
  async #end(entry: PolicyEntry, signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    const events: HistoryEntry[] = [];
    entry.run.close();
    for (const { alert, labels } of [...entry.spoken.values()]) {
      if (alert.state !== 'firing') {
        entry.spoken.delete(alert.object);
        continue;
      }
      const over: PolicyAlert = { ...alert, state: 'inactive', absence: 'policy', resolvedAt: now };
      const said = await entry.voice.speak(over, labels, signal);
      entry.put(said);
      events.push({ rule: entry.voice.rule, alert: loggedInstance(over, said) });
    }
    try {
      await this.#log(events, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#options.logger.error(
        { err: error, policy: entry.policy.id },
        'the end of alerts could not be written to the alert log',
      );
    }
    const told = Array.from(entry.ended.values(), (spoken) => entry.voice.notifiable(spoken, now));
    if (told.length > 0) this.#options.notify(told);
    const staysById = this.#entries.has(entry.policy.id);
    await Promise.allSettled([entry.write(now), staysById ? undefined : this.#marks.end(entry.policy.id, now)]);
  }

  #wantedIds(): ReadonlySet<string> {
    return new Set(this.#wanted?.map(({ id }) => id));
  }

  /** Goes on with what is remembered of a policy. */
  #continue(entry: PolicyEntry): void {
    const { policy, run } = entry;
    const { alerts, evaluatedTo } = this.#memory.take(policy.id);
    for (const remembered of alerts) {
      const restored = restoredAlert(remembered, policy.level);
      if (restored === undefined) continue;
      run.adopt(restored.alert);
      entry.resume(restored);
    }
    if (evaluatedTo === undefined) return;
    entry.isNew = false;
    for (const condition of run.conditions) condition.evaluatedTo = condition.lastEnd(evaluatedTo);
  }

  /** Ends alerts of policies that went while nothing ran. */
  async #forget(signal: AbortSignal): Promise<void> {
    const abandoned = this.#memory.abandoned();
    if (abandoned.size === 0) return;
    const now = this.#clock.now();
    const events: HistoryEntry[] = [];
    const told: NotifiableAlert[] = [];
    for (const [id, alerts] of abandoned) {
      for (const newest of alerts) {
        if (newest.state === 'inactive') continue;
        const { timestamp: _, rule: __, lastSentAt: ___, lastSentStatus: ____, ...rest } = newest;
        const state = 'inactive' as const;
        const alert = { ...rest, state, resolvedAt: now, valueIsCurrent: false };
        events.push({ rule: policyRule(id), alert });
        if (newest.firedAt > 0) told.push(this.#orphan(id, alert, now));
      }
    }
    try {
      await this.#log(events, signal);
    } catch (error) {
      signal.throwIfAborted();
      // Then nobody is told, and the next turn tries again.
      this.#options.logger.error({ err: error }, 'the end of alerts could not be written to the alert log');
      return;
    }
    this.#memory.clear();
    if (told.length > 0) this.#options.notify(told);
  }

  /** An alert of whose policy nothing is known but what the log says. */
  #orphan(id: string, alert: HistoryEntry['alert'], now: number): NotifiableAlert {
    const { externalLabels, externalUrl } = this.#context;
    return {
      rule: policyRule(id),
      key: alert.labels.key,
      labels: Labels.from([...externalLabels, ...alert.labels.with('severity', alert.annotations.get('severity'))]),
      annotations: alert.annotations.filter((name) => name !== 'severity' && name !== 'evaluation'),
      status: 'resolved',
      startsAt: alert.firedAt,
      endsAt: alert.resolvedAt,
      validUntil: now + 4 * REFRESH,
      generatorUrl: externalUrl,
    };
  }
}

/** Whether the log is to know: of every change that a restart continues from. */
function isLogged(before: PolicyAlert | undefined, after: PolicyAlert): boolean {
  const isKept = (alert: PolicyAlert | undefined): boolean =>
    alert !== undefined &&
    (alert.state === 'firing' || (alert.state === 'pending' && alert.met.some((mask) => mask !== 0)));
  if (!isKept(before) && !isKept(after)) return false;
  return (
    before === undefined ||
    before.state !== after.state ||
    before.level !== after.level ||
    before.isAbsent !== after.isAbsent ||
    // Which of the conditions has no data: a restart goes on from that.
    (after.isAbsent && before.condition !== after.condition) ||
    !isKept(before) ||
    after.met.some((mask, i) => mask !== (before.met[i] ?? 0))
  );
}

/** Whether alerts of the one stay the same as alerts of the other. */
function hasSameLabels(a: AlertPolicy, b: AlertPolicy): boolean {
  return a.name === b.name && a.level === b.level && JSON.stringify(a.labels) === JSON.stringify(b.labels);
}

/** The new version of a policy goes on with the alerts of the old one, and judges the last period anew. */
function takeOver(entry: PolicyEntry, old: PolicyEntry): void {
  const { conditions } = entry.policy;
  const same = conditions.map((condition, i) => {
    const before = old.policy.conditions[i];
    return before?.metric === condition.metric && before.operator === condition.operator;
  });
  for (const spoken of old.spoken.values()) {
    const alert = { ...spoken.alert, met: conditions.map((_, i) => (same[i] ? (spoken.alert.met[i] ?? 0) : 0)) };
    entry.run.adopt(alert, Number.NEGATIVE_INFINITY);
    entry.spoken.set(alert.object, { ...spoken, alert });
  }
  for (const [key, spoken] of old.ended) entry.ended.set(key, spoken);
}
