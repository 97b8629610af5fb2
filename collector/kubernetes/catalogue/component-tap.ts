import type { Labels } from '../../../storage/labels.ts';
import type { SeriesRef } from '../../../storage/series.ts';
import type { SampleTap, TappedTarget } from '../../scrape/sample-tap.ts';
import type { ScrapeBatch } from '../../scrape/scrape-batch.ts';
import { RATE_WINDOW, type TapContext } from './cadvisor-tap.ts';
import { PageInputs } from './page-inputs.ts';

export type Component = 'apiserver' | 'etcd' | 'scheduler' | 'controllerManager';

/** What a component's last scrape said. */
interface Answer {
  readonly component: Component;
  readonly isUp: boolean;
  readonly at: number;
  /** Of etcd's database, NaN when it did not say. */
  readonly etcdSize: number;
}

/** The parts of the control plane as far as they are scraped. */
export class ComponentHealth {
  readonly #answers = new Map<object, Answer>();

  note(target: object, answer: Answer): void {
    this.#answers.set(target, answer);
  }

  forget(target: object): void {
    this.#answers.delete(target);
  }

  /** Whether any target is of the component. */
  knows(component: Component): boolean {
    for (const answer of this.#answers.values()) if (answer.component === component) return true;
    return false;
  }

  /** 1 or 0; NaN when none was scraped since. Of etcd more than half must answer, of the others one. */
  healthy(component: Component, since: number): number {
    let all = 0;
    let up = 0;
    for (const answer of this.#answers.values()) {
      if (answer.component !== component || answer.at < since) continue;
      all++;
      if (answer.isUp) up++;
    }
    if (all === 0) return Number.NaN;
    return (component === 'etcd' ? up * 2 > all : up > 0) ? 1 : 0;
  }

  /** The largest database that a member, or an API server about it, told of since. */
  etcdSize(since: number): number {
    let largest = Number.NaN;
    for (const { at, etcdSize } of this.#answers.values()) {
      if (at >= since && !(etcdSize <= largest) && !Number.isNaN(etcdSize)) largest = etcdSize;
    }
    return largest;
  }
}

/** Newer API servers tell it under the first name, older ones under the next two; etcd itself under the last. */
const ETCD_SIZES = new Set([
  'apiserver_storage_size_bytes',
  'apiserver_storage_db_total_size_in_bytes',
  'etcd_db_total_size_in_bytes',
  'etcd_mvcc_db_total_size_in_bytes',
]);

/** Listens to whether a part of the control plane answers, and how large etcd's database is. */
export class ComponentTap implements SampleTap {
  readonly #component: Component;
  readonly #health: ComponentHealth;
  readonly #inputs: PageInputs;
  /** By unit, of which each has one series. */
  readonly #units: (SeriesRef | undefined)[] = [];

  constructor(
    target: TappedTarget,
    { context, component, health }: { context: TapContext; component: Component; health: ComponentHealth },
  ) {
    this.#component = component;
    this.#health = health;
    this.#inputs = new PageInputs({
      refs: context.refs,
      columns: 1,
      window: RATE_WINDOW,
      interval: target.scrapeInterval,
    });
  }

  acquired(ref: SeriesRef, { metric }: Labels): void {
    if (!ETCD_SIZES.has(metric)) return;
    const free = this.#units.indexOf(undefined);
    const unit = free < 0 ? this.#units.length : free;
    if (this.#inputs.add(ref, unit, { column: 0, isCounter: false }) === 'new') this.#units[unit] = ref;
  }

  released(ref: SeriesRef): void {
    const unit = this.#inputs.remove(ref);
    if (unit >= 0) this.#units[unit] = undefined;
  }

  page(batch: ScrapeBatch, timestamp: number): void {
    this.#inputs.read(batch, timestamp);
    let etcdSize = Number.NaN;
    for (const size of this.#inputs.results) if (!(size <= etcdSize) && !Number.isNaN(size)) etcdSize = size;
    this.#health.note(this, { component: this.#component, isUp: true, at: timestamp, etcdSize });
  }

  failed(_batch: ScrapeBatch, timestamp: number): void {
    this.#health.note(this, { component: this.#component, isUp: false, at: timestamp, etcdSize: Number.NaN });
  }

  ended(): void {
    this.#health.forget(this);
  }

  stored(): void {}

  refused(): void {}

  closed(): void {
    this.#health.forget(this);
    this.#inputs.close();
  }
}
