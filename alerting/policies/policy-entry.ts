import type { Appender } from '../../storage/appender.ts';
import type { Labels } from '../../storage/labels.ts';
import { type RoundOfSamples, RuleSeries } from '../rule-series.ts';
import type { AlertPolicy } from './policy.ts';
import type { PolicyAlert } from './policy-alert.ts';
import type { PolicyRun } from './policy-run.ts';
import type { PolicyVoice, SpokenAlert } from './policy-voice.ts';

/** How long an ended alert is told again, so that its end gets through. */
const KEEP_ENDED = 15 * 60_000;

/** A policy at work: what it says of objects, in words and as series. */
export class PolicyEntry {
  readonly policy: AlertPolicy;
  readonly run: PolicyRun;
  readonly voice: PolicyVoice;
  readonly series: RuleSeries;
  /** Pending and firing alerts, by object. */
  readonly spoken = new Map<string, SpokenAlert>();
  /** Alerts that ended a short time ago, by the key of their labels. */
  readonly ended = new Map<string, SpokenAlert>();
  /** Nothing of it was evaluated yet: it begins with the last period that has ended. */
  isNew = true;
  health: 'ok' | 'err' | 'unknown' = 'unknown';
  lastError = '';
  lastEvaluation = 0;
  writtenAt = 0;
  /** There may be series that are to end. */
  #hasSeries: boolean;
  readonly #seriesLabels = new WeakMap<Labels, Map<string, Labels>>();

  constructor(run: PolicyRun, voice: PolicyVoice, series: RuleSeries | Appender) {
    this.policy = run.policy;
    this.run = run;
    this.voice = voice;
    this.series = series instanceof RuleSeries ? series : new RuleSeries(series);
    this.#hasSeries = series instanceof RuleSeries;
  }

  /** Those that fire, and those that ended lately. */
  *told(now: number): Iterable<SpokenAlert> {
    for (const spoken of this.spoken.values()) if (spoken.alert.state === 'firing') yield spoken;
    for (const [key, spoken] of this.ended) {
      if (now - spoken.alert.resolvedAt < KEEP_ENDED) yield spoken;
      else this.ended.delete(key);
    }
  }

  /** Goes on with what another process said, and wrote if it fires. */
  resume(spoken: SpokenAlert): void {
    this.put(spoken);
    if (spoken.alert.state !== 'firing') return;
    this.series.resume(this.#labelsOf(spoken));
    this.#hasSeries = true;
  }

  /** Puts what is said of an object in place of what was said before. */
  put(spoken: SpokenAlert): void {
    const { alert, labels } = spoken;
    if (alert.state !== 'inactive') {
      this.spoken.set(alert.object, spoken);
      if (alert.state === 'firing') this.ended.delete(labels.key);
      return;
    }
    this.spoken.delete(alert.object);
    if (alert.firedAt > 0) this.ended.set(labels.key, spoken);
  }

  /** Writes a sample of ALERTS for each alert, and stale markers for those that are none any more. Rejects with a StorageError. */
  async write(timestamp: number, round?: RoundOfSamples): Promise<void> {
    this.writtenAt = timestamp;
    // Of most policies there is nothing to write.
    if (this.spoken.size === 0 && !this.#hasSeries) return;
    const samples = Array.from(this.spoken.values(), (spoken) => ({ labels: this.#labelsOf(spoken), value: 1 }));
    this.#hasSeries = true;
    await this.series.write(samples, timestamp, round);
    this.#hasSeries = samples.length > 0;
  }

  /** Made once per alert, state and level. */
  #labelsOf(spoken: SpokenAlert): Labels {
    const { alert, labels } = spoken;
    let made = this.#seriesLabels.get(labels);
    if (made === undefined) this.#seriesLabels.set(labels, (made = new Map()));
    const key = `${alert.state} ${alert.level}`;
    let series = made.get(key);
    if (series === undefined) {
      series = this.voice.fullLabels(spoken).with('__name__', 'ALERTS').with('alertstate', alert.state);
      made.set(key, series);
    }
    return series;
  }
}

/** Whether nothing that a receiver gets to see differs. */
export function saysTheSame(a: PolicyAlert, b: PolicyAlert): boolean {
  return (
    Object.is(a.value, b.value) &&
    a.state === b.state &&
    a.level === b.level &&
    a.breached === b.breached &&
    a.condition === b.condition &&
    a.absence === b.absence &&
    a.absentSince === b.absentSince &&
    a.isAbsent === b.isAbsent
  );
}
