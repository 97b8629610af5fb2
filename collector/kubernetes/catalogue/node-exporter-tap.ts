import type { Labels } from '../../../storage/labels.ts';
import type { SeriesRef } from '../../../storage/series.ts';
import type { SampleTap, TappedTarget } from '../../scrape/sample-tap.ts';
import type { ScrapeBatch } from '../../scrape/scrape-batch.ts';
import { RATE_WINDOW, type TapContext } from './cadvisor-tap.ts';
import { NODE_LEVEL } from './definitions.ts';
import { Emission } from './level-series.ts';
import { nodeOfTarget } from './node-of-target.ts';
import { NO_ROW, type NodeSlot } from './node-slot.ts';
import { PageInputs } from './page-inputs.ts';
import { isPublicAddress } from './public-address.ts';
import { clear, nodeScope } from './scopes.ts';

const COLUMNS = NODE_LEVEL.definitions.flatMap(({ source }, column) => (source === 'node exporter' ? [column] : []));

/**
 * Listens to the page of one node exporter: the node's open connections, and on which device its default route is, which
 * the exporter tells when its collector `network_route` is enabled.
 */
export class NodeExporterTap implements SampleTap {
  readonly #target: TappedTarget;
  readonly #context: TapContext;
  readonly #inputs: PageInputs;
  readonly #emission = new Emission();
  /** Devices of default routes with public addresses, by series. */
  readonly #routes = new Map<SeriesRef, string>();
  #slot: NodeSlot | undefined;

  constructor(target: TappedTarget, context: TapContext) {
    this.#target = target;
    this.#context = context;
    this.#inputs = new PageInputs({
      refs: context.refs,
      columns: 1,
      window: RATE_WINDOW,
      interval: target.scrapeInterval,
    });
  }

  acquired(ref: SeriesRef, labels: Labels): void {
    if (labels.metric === 'node_netstat_Tcp_CurrEstab') this.#inputs.add(ref, 0, { column: 0, isCounter: false });
    if (labels.metric !== 'node_network_route_info') return;
    const dest = labels.get('dest');
    const isDefault = dest === 'default' || dest === '0.0.0.0/0' || dest === '::/0';
    if (isDefault && isPublicAddress(labels.get('src'))) this.#routes.set(ref, labels.get('device'));
  }

  released(ref: SeriesRef): void {
    this.#inputs.remove(ref);
    this.#routes.delete(ref);
  }

  page(batch: ScrapeBatch, timestamp: number): void {
    this.#inputs.read(batch, timestamp);
    this.#write(batch, timestamp, this.#inputs.results[0] ?? Number.NaN);
  }

  failed(batch: ScrapeBatch, timestamp: number): void {
    this.#write(batch, timestamp, Number.NaN);
  }

  ended(batch: ScrapeBatch, timestamp: number): void {
    this.#write(batch, timestamp, Number.NaN);
  }

  stored(): void {
    this.#emission.stored();
  }

  refused(): void {
    const rows = this.#emission.refused();
    this.#slot?.ending.push(...rows);
  }

  closed(): void {
    this.#inputs.close();
    if (this.#slot !== undefined) this.#context.index.forget(this.#slot);
  }

  #write(batch: ScrapeBatch, timestamp: number, connections: number): void {
    const { index, levels } = this.#context;
    if (!index.isSynced) return;
    this.#slot = nodeOfTarget(this.#target, index);
    const slot = this.#slot;
    if (slot === undefined) return;
    this.#emission.begin(batch, timestamp);
    if (slot.exists) {
      slot.wanDevice = this.#routes.values().next().value;
      clear(SCOPE);
      SCOPE.tcpConnections = connections;
      for (const column of COLUMNS) VALUES[column] = NODE_LEVEL.definitions[column]!.value(SCOPE);
      if (slot.row === NO_ROW) slot.row = levels.nodes.open();
      levels.nodes.write(this.#emission, slot.row, { values: VALUES, source: slot, columns: COLUMNS });
    }
    // Where nobody reads the kubelet, nobody else ends what is over.
    if (slot.tap === undefined) this.#emission.close(slot.ending.splice(0));
  }
}

const SCOPE = nodeScope();
const VALUES = new Float64Array(NODE_LEVEL.definitions.length);
