import type { Logger } from 'pino';
import type { EventLog, KubernetesEvent } from '../../../storage/event-log.ts';
import type { EventRecorderMetrics } from './event-recorder-metrics.ts';

export interface EventRowQueueOptions {
  readonly eventLog: EventLog;
  readonly cluster: string;
  /** Entries that are taken per second in the long run. */
  readonly rate: number;
  /** Entries that are taken at once after a quiet time; the last quarter is kept for warnings. */
  readonly burst: number;
  readonly metrics: EventRecorderMetrics;
  readonly logger: Logger;
  /** Milliseconds since some moment; never jumps. */
  readonly elapsed: () => number;
}

/** Entries that wait for the log. */
const MAX_WAITING = 10_000;
/** Entries to one append. */
const BATCH = 2_000;
const LOG_INTERVAL = 60_000;

/** Entries on their way to the log: bounded in number and in rate. What is beyond is shed, counted and told. */
export class EventRowQueue {
  readonly #options: EventRowQueueOptions;
  #waiting: KubernetesEvent[] = [];
  #tokens: number;
  #filledAt: number;
  #shed = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #failure = '';

  constructor(options: EventRowQueueOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#filledAt = options.elapsed();
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Takes an entry, or sheds it. */
  push(entry: KubernetesEvent): void {
    const { rate, burst, elapsed } = this.#options;
    const now = elapsed();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * rate);
    this.#filledAt = now;
    const kept = entry.type === 'Warning' ? 0 : burst / 4;
    if (this.#tokens < kept + 1) this.#drop('rate', 1);
    else {
      this.#tokens--;
      this.#wait([entry]);
    }
  }

  /** Takes entries of a first list, whatever the rate: the newest, as many as may wait. */
  pushHistory(entries: readonly KubernetesEvent[]): void {
    const room = MAX_WAITING - this.#waiting.length;
    const newest = [...entries].sort((a, b) => b.timestamp - a.timestamp);
    this.#wait(newest.slice(0, room).reverse());
    this.#drop('waiting', Math.max(0, newest.length - room));
  }

  /** Appends what waits. Never rejects: what the log refuses waits on. */
  async flush(): Promise<void> {
    const { eventLog, cluster, metrics, logger } = this.#options;
    this.#tell();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH);
      try {
        await eventLog.append(batch);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (this.#failure !== reason)
          logger.warn({ cluster, reason }, 'events of Kubernetes wait: the log refuses them');
        this.#failure = reason;
        return;
      }
      this.#failure = '';
      this.#waiting = this.#waiting.slice(batch.length);
      metrics.rows.inc({ cluster }, batch.length);
    }
  }

  #wait(entries: readonly KubernetesEvent[]): void {
    for (const entry of entries) {
      if (this.#waiting.length >= MAX_WAITING) this.#drop('waiting', 1);
      else this.#waiting.push(entry);
    }
  }

  #drop(reason: 'rate' | 'waiting', count: number): void {
    if (count === 0) return;
    this.#options.metrics.shed.inc({ cluster: this.#options.cluster, reason }, count);
    this.#shed += count;
  }

  #tell(): void {
    const { cluster, logger, elapsed } = this.#options;
    if (this.#shed === 0 || elapsed() - this.#toldAt < LOG_INTERVAL) return;
    this.#toldAt = elapsed();
    logger.warn({ cluster, shed: this.#shed }, 'more events than are kept: some are counted only, and not in the log');
    this.#shed = 0;
  }
}
