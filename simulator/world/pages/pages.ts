import type { ClusterIndex } from '../cluster-index.ts';
import type { Meters } from '../load/meters.ts';
import type { Node } from '../objects.ts';
import { metricsResponse, type ProxyRequest, type ProxyResponse, textResponse } from '../proxy-request.ts';
import type { KubeletFaults } from '../runtime/kubelet-faults.ts';
import type { Machine } from '../runtime/machine.ts';
import type { SimulatedClock } from '../simulated-clock.ts';
import { CadvisorPage } from './cadvisor-page.ts';
import { PageWriter } from './page-writer.ts';

export interface PagesOptions {
  readonly clock: SimulatedClock;
  readonly meters: Meters;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly index: ClusterIndex;
  readonly housekeeping: number;
  readonly faults: KubeletFaults;
}

/** What the components of the cluster serve over HTTP. */
export class Pages {
  readonly cadvisor: CadvisorPage;
  readonly #clock: SimulatedClock;
  readonly #machines: ReadonlyMap<string, Machine>;
  readonly #index: ClusterIndex;
  readonly #faults: KubeletFaults;
  readonly #writer = new PageWriter();

  constructor({ clock, meters, machines, index, housekeeping, faults }: PagesOptions) {
    this.#faults = faults;
    this.#clock = clock;
    this.#machines = machines;
    this.#index = index;
    this.cadvisor = new CadvisorPage({ meters, housekeeping });
  }

  answer(request: ProxyRequest): ProxyResponse {
    switch (request.kind) {
      case 'node':
        return this.#kubelet(request);
      case 'pod':
      case 'service':
        return textResponse(404, 'page not found\n');
      default:
        return request.kind satisfies never;
    }
  }

  #kubelet({ name, path }: ProxyRequest): ProxyResponse {
    const machine = this.#machines.get(name);
    if (machine === undefined || this.#index.get<Node>('nodes', '', name) === undefined) {
      return textResponse(404, `nodes "${name}" not found\n`);
    }
    if (!machine.up) throw new Error(`dial tcp ${machine.address}:10250: connect: no route to host`);
    const page = this.#kubeletPage(machine, path);
    if (page === undefined) return textResponse(404, '404 page not found\n');
    if (this.#faults.sendsGarbage(name)) page.fill('\u0000\u00ff{"<<', Math.floor(page.length / 2));
    return metricsResponse(page);
  }

  #kubeletPage(machine: Machine, path: string): Buffer | undefined {
    const now = this.#clock.now();
    const skew = this.#faults.skewOf(machine.name);
    switch (path) {
      case '/metrics/cadvisor':
        this.cadvisor.write(this.#writer, machine, { now, skew });
        return this.#writer.take();
      default:
        return undefined;
    }
  }
}
