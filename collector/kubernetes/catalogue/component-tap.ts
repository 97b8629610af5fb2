import type { Labels } from '../../../storage/labels.ts';
import type { SeriesRef } from '../../../storage/series.ts';
import type { SampleTap, TappedTarget } from '../../scrape/sample-tap.ts';
import type { ScrapeBatch } from '../../scrape/scrape-batch.ts';
import { RATE_WINDOW, type TapContext } from './cadvisor-tap.ts';
import { type Component, type ComponentHealth, ETCD_SIZES } from './component-health.ts';
import { PageInputs } from './page-inputs.ts';

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
