import type { Labels } from '../../../storage/labels.ts';
import type { SeriesRef } from '../../../storage/series.ts';
import type { SampleTap, TappedTarget } from '../../scrape/sample-tap.ts';
import type { ScrapeBatch } from '../../scrape/scrape-batch.ts';
import { RATE_WINDOW, type TapContext } from './cadvisor-tap.ts';
import { type InputKind, PageInputs } from './page-inputs.ts';

const USED = 0;
const MEMORY = 1;

/** Percent of a card, which is hundredths of one; mebibytes. */
const KINDS: ReadonlyMap<string, InputKind> = new Map([
  ['DCGM_FI_DEV_GPU_UTIL', { column: USED, isCounter: false }],
  ['DCGM_FI_DEV_FB_USED', { column: MEMORY, isCounter: false }],
]);

interface GpuUser {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  series: number;
}

/**
 * Listens to the page of a DCGM exporter, which says which container has each card. What it says is kept with the
 * container, for the next page of its kubelet. A card that several containers share is counted for each of them.
 */
export class GpuTap implements SampleTap {
  readonly #context: TapContext;
  readonly #inputs: PageInputs;
  readonly #units = new Map<string, number>();
  readonly #users: (GpuUser | undefined)[] = [];

  constructor(target: TappedTarget, context: TapContext) {
    this.#context = context;
    this.#inputs = new PageInputs({
      refs: context.refs,
      columns: 2,
      window: RATE_WINDOW,
      interval: target.scrapeInterval,
    });
  }

  acquired(ref: SeriesRef, labels: Labels): void {
    const kind = KINDS.get(labels.metric);
    if (kind === undefined) return;
    // Without honor_labels the exporter's own pod stands under the plain names.
    const of = (name: string): string =>
      labels.has('exported_pod') ? labels.get(`exported_${name}`) : labels.get(name);
    const user = { namespace: of('namespace'), pod: of('pod'), container: of('container') };
    if (user.pod === '') return;
    const key = `${user.namespace}/${user.pod}/${user.container}`;
    let unit = this.#units.get(key);
    if (unit === undefined) {
      const free = this.#users.indexOf(undefined);
      unit = free < 0 ? this.#users.length : free;
      this.#units.set(key, unit);
      this.#users[unit] = { ...user, series: 0 };
    }
    if (this.#inputs.add(ref, unit, kind) === 'new') this.#users[unit]!.series++;
  }

  released(ref: SeriesRef): void {
    const unit = this.#inputs.remove(ref);
    const user = unit < 0 ? undefined : this.#users[unit];
    if (user === undefined || --user.series > 0) return;
    this.#users[unit] = undefined;
    this.#units.delete(`${user.namespace}/${user.pod}/${user.container}`);
  }

  page(batch: ScrapeBatch, timestamp: number): void {
    this.#inputs.read(batch, timestamp);
    const { results } = this.#inputs;
    for (const [unit, user] of this.#users.entries()) {
      if (user === undefined) continue;
      const entry = this.#context.index.get(user.namespace, user.pod);
      const container = entry?.containers.find(({ name }) => name === user.container);
      if (container === undefined) continue;
      container.gpu = results[unit * 2 + USED]!;
      container.gpuMemory = results[unit * 2 + MEMORY]! * 2 ** 20;
      container.gpuAt = timestamp;
    }
  }

  failed(): void {}

  ended(): void {}

  stored(): void {}

  refused(): void {}

  closed(): void {
    this.#inputs.close();
  }
}
