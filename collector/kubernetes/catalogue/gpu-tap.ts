import type { Labels } from '../../../storage/labels.ts';
import type { SeriesRef } from '../../../storage/series.ts';
import type { SampleTap, TappedTarget } from '../../scrape/sample-tap.ts';
import type { ScrapeBatch } from '../../scrape/scrape-batch.ts';
import { RATE_WINDOW, type TapContext } from './cadvisor-tap.ts';
import { nodeOfTarget } from './node-of-target.ts';
import { type InputKind, PageInputs } from './page-inputs.ts';
import { plus } from './scopes.ts';

const USED = 0;
const MEMORY_USED = 1;
/** Free, and reserved by the driver. */
const MEMORY_LEFT = 2;
const COLUMNS = 3;

const MEBIBYTE = 2 ** 20;

/** Percent of a card, which is hundredths of one; mebibytes. */
const KINDS: ReadonlyMap<string, InputKind> = new Map([
  ['DCGM_FI_DEV_GPU_UTIL', { column: USED, isCounter: false }],
  ['DCGM_FI_DEV_FB_USED', { column: MEMORY_USED, isCounter: false }],
  ['DCGM_FI_DEV_FB_FREE', { column: MEMORY_LEFT, isCounter: false }],
  ['DCGM_FI_DEV_FB_RESERVED', { column: MEMORY_LEFT, isCounter: false }],
]);

/** A card, and the container that has it, if any. */
interface Card {
  readonly key: string;
  readonly host: string;
  readonly namespace: string;
  /** '' when nobody has it. */
  readonly pod: string;
  readonly container: string;
  series: number;
}

/**
 * Listens to the page of a DCGM exporter, which says which container has each card. What it says is kept with the
 * container, for the next page of its kubelet. A card that several containers share is counted for each of them.
 */
export class GpuTap implements SampleTap {
  readonly #target: TappedTarget;
  readonly #context: TapContext;
  readonly #inputs: PageInputs;
  readonly #units = new Map<string, number>();
  readonly #cards: (Card | undefined)[] = [];

  constructor(target: TappedTarget, context: TapContext) {
    this.#target = target;
    this.#context = context;
    this.#inputs = new PageInputs({
      refs: context.refs,
      columns: COLUMNS,
      window: RATE_WINDOW,
      interval: target.scrapeInterval,
    });
  }

  acquired(ref: SeriesRef, labels: Labels): void {
    const kind = KINDS.get(labels.metric);
    if (kind === undefined) return;
    // Without honor_labels the exporter's own pod stands under the plain names.
    const isExported = labels.has('exported_pod') || labels.has('exported_namespace');
    const of = (name: string): string => labels.get(isExported ? `exported_${name}` : name);
    const user = { namespace: of('namespace'), pod: of('pod'), container: of('container') };
    const host = labels.get('Hostname');
    const card = labels.get('UUID') || `${host}/${labels.get('gpu')}`;
    const key = `${card}/${user.namespace}/${user.pod}/${user.container}`;
    let unit = this.#units.get(key);
    if (unit === undefined) {
      const free = this.#cards.indexOf(undefined);
      unit = free < 0 ? this.#cards.length : free;
      this.#units.set(key, unit);
      this.#cards[unit] = { key, host, ...user, series: 0 };
    }
    if (this.#inputs.add(ref, unit, kind) === 'new') this.#cards[unit]!.series++;
  }

  released(ref: SeriesRef): void {
    const unit = this.#inputs.remove(ref);
    const card = unit < 0 ? undefined : this.#cards[unit];
    if (card === undefined || --card.series > 0) return;
    this.#cards[unit] = undefined;
    this.#units.delete(card.key);
  }

  page(batch: ScrapeBatch, timestamp: number): void {
    this.#inputs.read(batch, timestamp);
    const { results } = this.#inputs;
    const { index } = this.#context;
    for (const [unit, card] of this.#cards.entries()) {
      if (card === undefined) continue;
      const at = unit * COLUMNS;
      const memory = results[at + MEMORY_USED]! * MEBIBYTE;
      const slot = index.nodes.get(card.host) ?? nodeOfTarget(this.#target, index);
      const left = results[at + MEMORY_LEFT]! * MEBIBYTE;
      if (slot !== undefined && memory + left > 0) index.noteCardMemory(slot, memory + left);
      const entry = card.pod === '' ? undefined : index.get(card.namespace, card.pod);
      const container = entry?.containers.find(({ name }) => name === card.container);
      if (container === undefined) continue;
      const isFirst = container.gpuAt !== timestamp;
      container.gpu = isFirst ? results[at + USED]! : plus(container.gpu, results[at + USED]!);
      container.gpuMemory = isFirst ? memory : plus(container.gpuMemory, memory);
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
