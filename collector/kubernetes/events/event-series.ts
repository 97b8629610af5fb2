import type { Appender } from '../../../storage/appender.ts';
import { Labels, METRIC_NAME } from '../../../storage/labels.ts';
import { EmittedSeries, type Slot } from '../../emission/emitted-series.ts';

/** The counter of what components of a cluster say. */
export const EVENTS_METRIC = 'k8s_events_total';
export const EVENTS_HELP =
  'How often components of the cluster said something about an object, by its kind and namespace, the reason and the type.';

/** What tells the series apart. */
export interface SaidAbout {
  readonly namespace: string;
  readonly kind: string;
  readonly reason: string;
  readonly type: string;
}

export interface EventSeriesOptions {
  readonly appender: Appender;
  /** That all series have. */
  readonly labels: Labels;
  /** Series at most; what is beyond is counted under the reason `other`, without namespace and kind. */
  readonly maxSeries: number;
  /** Milliseconds without anything said after which a series ends. */
  readonly idle: number;
}

interface CounterSeries {
  readonly slot: Slot;
  value: number;
  changedAt: number;
  isTold: boolean;
}

/** The series of the counter. Each begins with 0, so that what is counted first is an increase. */
export class EventSeries {
  readonly #options: EventSeriesOptions;
  readonly #emitted: EmittedSeries;
  readonly #series = new Map<string, CounterSeries>();

  constructor(options: EventSeriesOptions) {
    this.#options = options;
    this.#emitted = new EmittedSeries(options.appender);
  }

  get size(): number {
    return this.#series.size;
  }

  /** Said so many times more. */
  add(about: SaidAbout, times: number, now: number): void {
    let key = JSON.stringify([about.namespace, about.kind, about.reason, about.type]);
    let series = this.#series.get(key);
    if (series === undefined) {
      let shown = about;
      if (this.#series.size >= this.#options.maxSeries) {
        // The API lets components choose types as well as reasons, so these are folded too.
        const type = about.type === 'Normal' || about.type === 'Warning' ? about.type : 'other';
        shown = { namespace: '', kind: '', reason: 'other', type };
        key = JSON.stringify(['', '', 'other', type]);
      }
      series = this.#series.get(key) ?? this.#open(key, shown);
    }
    series.value += times;
    series.changedAt = now;
  }

  /** Appends all values at one time; rejects as the appender does, and the next emission says it again. */
  async emit(timestamp: number): Promise<number> {
    for (const [key, series] of this.#series) {
      if (timestamp - series.changedAt > this.#options.idle) {
        this.#emitted.close(series.slot);
        this.#series.delete(key);
        continue;
      }
      this.#emitted.set(series.slot, series.isTold ? series.value : 0);
      series.isTold = true;
    }
    return this.#emitted.emit(timestamp);
  }

  /** All series are over: others count from now on. */
  async end(timestamp: number): Promise<void> {
    for (const { slot } of this.#series.values()) this.#emitted.close(slot);
    this.#series.clear();
    await this.#emitted.emit(timestamp);
  }

  /** Gives everything back, without an end of the series; must not be used any more. */
  release(): void {
    this.#emitted.release();
  }

  #open(key: string, { namespace, kind, reason, type }: SaidAbout): CounterSeries {
    const { labels } = this.#options;
    const own = { [METRIC_NAME]: EVENTS_METRIC, namespace, kind, reason, type };
    const slot = this.#emitted.open(Labels.from([...labels, ...Object.entries(own)]));
    const series = { slot, value: 0, changedAt: 0, isTold: false };
    this.#series.set(key, series);
    return series;
  }
}
