import type { Logger } from 'pino';
import type { Clock } from '../../../clock/clock.ts';
import { objectText } from './answer-text.ts';
import type { JudgedObject } from './judged-objects.ts';
import type { MetricRun } from './metric-run.ts';

/** Milliseconds that a pod may be there before its first value is missed. */
const PATIENCE = 120_000;
/** Milliseconds between two lines about a metric in a namespace, and how many of these pairs are remembered. */
const PAUSE = 300_000;
const MOST_REMEMBERED = 1000;

/** Says in the log, once in a while, which pods are left out of answers although they have been there for a while. */
export class OmissionLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** When a line was written, by the clock's `elapsed`; the oldest first. */
  readonly #written = new Map<string, number>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  note({ metric }: MetricRun, resource: string, judged: readonly JudgedObject[]): void {
    if (resource !== 'pods') return;
    const since = this.#clock.now() - PATIENCE;
    const omitted = judged.filter(({ object, verdict }) => verdict.kind === 'lack' && object.created <= since);
    const first = omitted[0];
    if (first === undefined || first.verdict.kind !== 'lack') return;
    const { object, verdict } = first;
    const key = `${metric.name}\n${object.namespace}`;
    const now = this.#clock.elapsed();
    const written = this.#written.get(key);
    if (written !== undefined && now - written < PAUSE) return;
    this.#written.delete(key);
    this.#written.set(key, now);
    if (this.#written.size > MOST_REMEMBERED) this.#written.delete(this.#written.keys().next().value!);
    this.#logger.info(
      { metric: metric.name, namespace: object.namespace, pod: object.name, omitted: omitted.length },
      `${objectText(resource, object)} is left out of what autoscalers get: it ${verdict.lack.text}`,
    );
  }
}
