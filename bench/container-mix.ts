/**
 * The mix "container": what a kubelet's cAdvisor exports, series by series. A container has one series of each family
 * below; of these 48, 7 are CPU counters with 6 decimals, 9 byte gauges that move by pages, 12 counters of bytes, packets
 * and operations, and 20 never change (limits, states, start times, error counters of a healthy machine).
 *
 * As cAdvisor does, a page gives each family's HELP and TYPE once and then its series, one per container. Labels: 11 to 13
 * in a line, 13 to 15 with job and instance; 250 to 350 bytes.
 *
 * Every value is a function of the series and the tick, so two scrapers that ask at different moments of one tick get the
 * same page, and a page need not be remembered.
 */

import { hash } from './hash.ts';

type Kind = 'cpu' | 'bytes' | 'counter' | 'constant';

interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly kind: Kind;
  /** Labels beside those of the container. */
  readonly labels: string;
  /** Typical size: cores, bytes, units per second, or the constant. */
  readonly scale: number;
}

function family(kind: Kind, type: 'counter' | 'gauge', scale: number, name: string, labels = ''): Family {
  return { name: `container_${name}`, type, kind, labels: labels === '' ? '' : `,${labels}`, scale };
}

const FAMILIES: readonly Family[] = [
  family('cpu', 'counter', 0.3, 'cpu_usage_seconds_total', 'cpu="total"'),
  family('cpu', 'counter', 0.2, 'cpu_user_seconds_total'),
  family('cpu', 'counter', 0.1, 'cpu_system_seconds_total'),
  family('cpu', 'counter', 0.01, 'cpu_cfs_throttled_seconds_total'),
  family('cpu', 'counter', 0.002, 'pressure_cpu_waiting_seconds_total'),
  family('cpu', 'counter', 0.001, 'pressure_io_waiting_seconds_total'),
  family('cpu', 'counter', 0.0005, 'pressure_memory_waiting_seconds_total'),
  family('bytes', 'gauge', 4e8, 'memory_usage_bytes'),
  family('bytes', 'gauge', 3e8, 'memory_working_set_bytes'),
  family('bytes', 'gauge', 2e8, 'memory_rss'),
  family('bytes', 'gauge', 1e8, 'memory_cache'),
  family('bytes', 'gauge', 3e7, 'memory_mapped_file'),
  family('bytes', 'gauge', 5e7, 'memory_total_active_file_bytes'),
  family('bytes', 'gauge', 4e7, 'memory_total_inactive_file_bytes'),
  family('bytes', 'gauge', 8e6, 'memory_kernel_usage'),
  family('bytes', 'gauge', 6e8, 'fs_usage_bytes', 'device="/dev/vda1"'),
  family('counter', 'counter', 20000, 'network_receive_bytes_total', 'interface="eth0"'),
  family('counter', 'counter', 30000, 'network_transmit_bytes_total', 'interface="eth0"'),
  family('counter', 'counter', 40, 'network_receive_packets_total', 'interface="eth0"'),
  family('counter', 'counter', 50, 'network_transmit_packets_total', 'interface="eth0"'),
  family('counter', 'counter', 9000, 'fs_writes_bytes_total', 'device="/dev/vda"'),
  family('counter', 'counter', 1000, 'fs_reads_bytes_total', 'device="/dev/vda"'),
  family('counter', 'counter', 3, 'fs_writes_total', 'device="/dev/vda"'),
  family('counter', 'counter', 0.3, 'fs_reads_total', 'device="/dev/vda"'),
  family('counter', 'counter', 10, 'cpu_cfs_periods_total'),
  family('counter', 'counter', 0.5, 'cpu_cfs_throttled_periods_total'),
  family('counter', 'counter', 90, 'memory_failures_total', 'failure_type="pgfault",scope="container"'),
  family('counter', 'counter', 0.05, 'memory_failures_total', 'failure_type="pgmajfault",scope="container"'),
  family('constant', 'gauge', 0, 'memory_swap'),
  family('constant', 'counter', 0, 'memory_failcnt'),
  family('constant', 'gauge', 512 * 1024 * 1024, 'spec_memory_limit_bytes'),
  family('constant', 'gauge', 0, 'spec_memory_reservation_limit_bytes'),
  family('constant', 'gauge', 0, 'spec_memory_swap_limit_bytes'),
  family('constant', 'gauge', 100000, 'spec_cpu_period'),
  family('constant', 'gauge', 50000, 'spec_cpu_quota'),
  family('constant', 'gauge', 512, 'spec_cpu_shares'),
  family('constant', 'gauge', 1.7e9, 'start_time_seconds'),
  family('constant', 'gauge', 12, 'processes'),
  family('constant', 'gauge', 34, 'threads'),
  family('constant', 'gauge', 56, 'file_descriptors'),
  family('constant', 'gauge', 3, 'sockets'),
  family('constant', 'gauge', 1, 'tasks_state', 'state="sleeping"'),
  family('constant', 'gauge', 0, 'tasks_state', 'state="stopped"'),
  family('constant', 'gauge', 2.7e11, 'fs_limit_bytes', 'device="/dev/vda1"'),
  family('constant', 'counter', 0, 'network_receive_errors_total', 'interface="eth0"'),
  family('constant', 'counter', 0, 'network_transmit_errors_total', 'interface="eth0"'),
  family('constant', 'counter', 0, 'network_receive_packets_dropped_total', 'interface="eth0"'),
  family('constant', 'counter', 0, 'oom_events_total'),
];

/** How many series a container has; a target's last container may have fewer. */
export const SERIES_PER_CONTAINER = FAMILIES.length;

/** The names of all metrics of the mix. */
export const METRIC_NAMES: readonly string[] = [...new Set(FAMILIES.map(({ name }) => name))];

/** The shape of a page: so many series, of a target with this number, ticking at this interval. */
export interface MixOptions {
  readonly target: number;
  readonly series: number;
  /** Seconds between two ticks. */
  readonly interval: number;
  /** Ticks that a container lives before another takes its place; 0: for ever. Ends are spread evenly over time. */
  readonly lifetime: number;
}

/**
 * The pages of one target. The text up to each value is rendered once per container; a page costs a copy of these and a
 * number for each.
 */
export class ContainerMix {
  readonly #options: MixOptions;
  readonly #containers: RenderedContainer[] = [];

  constructor(options: MixOptions) {
    this.#options = options;
    const count = Math.ceil(options.series / SERIES_PER_CONTAINER);
    for (let i = 0; i < count; i++) this.#containers.push(this.#render(i, 0));
  }

  /** Writes the page of this tick at the start of the buffer and returns its length. See `maxLength`. */
  write(buffer: Buffer, tick: number): number {
    const { series, interval } = this.#options;
    const containers = this.#containers;
    const ages = containers.map((_, index) => this.#advance(index, tick));
    let at = 0;
    for (const [line, family] of FAMILIES.entries()) {
      if (family.name !== FAMILIES[line - 1]?.name) at += HEADERS[line]!.copy(buffer, at);
      for (let index = 0; index < containers.length && index * SERIES_PER_CONTAINER + line < series; index++) {
        const { heads, ends, seed } = containers[index]!;
        at += heads.copy(buffer, at, line === 0 ? 0 : ends[line - 1]!, ends[line]!);
        at += buffer.write(valueText(family, seed + line, { age: ages[index]!, interval }), at, 'latin1');
        buffer[at++] = LINE_FEED;
      }
    }
    return at;
  }

  /** A buffer of this length holds any page. */
  get maxLength(): number {
    const headers = HEADERS.reduce((sum, header) => sum + header.length, 0);
    // No value has more than 31 characters; a container's successor has names as long as its own.
    return this.#containers.reduce((sum, { heads }) => sum + heads.length + SERIES_PER_CONTAINER * 32, headers + 1024);
  }

  /** Replaces the container if its time is over at this tick; returns how many ticks old the one in its place is. */
  #advance(index: number, tick: number): number {
    const { lifetime, target } = this.#options;
    // Every container has a phase of its own, so that ends are spread over time.
    const phase = lifetime === 0 ? 0 : Math.floor((hash(target, index) / 2 ** 32) * lifetime);
    const generation = lifetime === 0 ? 0 : Math.floor((tick + phase) / lifetime);
    if (this.#containers[index]!.generation !== generation) this.#containers[index] = this.#render(index, generation);
    return lifetime === 0 ? tick : (tick + phase) % lifetime;
  }

  #render(index: number, generation: number): RenderedContainer {
    const { target } = this.#options;
    const seed = hash(hash(target, index), generation);
    const hex = (length: number, salt: number) => {
      let text = '';
      for (let i = 0; text.length < length; i++)
        text += hash(seed + salt, i)
          .toString(16)
          .padStart(8, '0');
      return text.slice(0, length);
    };
    const workload = WORKLOADS[hash(target, index) % WORKLOADS.length]!;
    const namespace = NAMESPACES[hash(target, index * 7 + 1) % NAMESPACES.length]!;
    const pod = `${workload}-${hex(10, 1)}-${hex(5, 2)}`;
    const common =
      `container="${workload}",id="/kubepods/burstable/pod${hex(12, 3)}/${hex(12, 5)}",` +
      `image="shop/${workload}:1.${seed % 40}.${seed % 9}",name="${hex(12, 5)}",namespace="${namespace}",` +
      `node="node-${target}",pod="${pod}",qos="burstable",workload="${workload}",workload_kind="Deployment",` +
      `zone="zone-${target % 3}"`;
    const ends: number[] = [];
    let text = '';
    for (const { name, labels } of FAMILIES) {
      text += `${name}{${common}${labels}} `;
      ends.push(text.length);
    }
    return { generation, seed, heads: Buffer.from(text, 'latin1'), ends };
  }
}

interface RenderedContainer {
  readonly generation: number;
  readonly seed: number;
  /** The lines without their values, one behind the other. */
  readonly heads: Buffer;
  /** Where each ends. */
  readonly ends: readonly number[];
}

const LINE_FEED = 0x0a;

/** HELP and TYPE before the first line of each family. */
const HEADERS: readonly Buffer[] = FAMILIES.map(({ name, type }) =>
  Buffer.from(`# HELP ${name} ${name.replaceAll('_', ' ')}\n# TYPE ${name} ${type}\n`),
);

const WORKLOADS = ['checkout-api', 'cart-worker', 'payment-gateway', 'search-indexer', 'frontend-web', 'mail-sender'];
const NAMESPACES = ['shop-production', 'shop-staging', 'platform-services', 'data-pipelines'];

function valueText(
  { kind, scale }: Family,
  seed: number,
  { age, interval }: { readonly age: number; readonly interval: number },
): string {
  // Between 0.1 and 1.9 of the typical size, the same for the life of the series.
  const size = scale * (0.1 + 1.8 * (hash(seed, 1) / 2 ** 32));
  const random = hash(seed, age + 2) / 2 ** 32;
  const elapsed = age * interval;
  switch (kind) {
    case 'cpu': {
      // The load swings by 80 % over some minutes; its integral rises always.
      const omega = 0.02 + 0.02 * (hash(seed, 0) / 2 ** 32);
      const integral = elapsed + (0.8 / omega) * Math.sin(omega * elapsed + seed);
      return (1 + (100 + integral + 0.2 * interval * random) * size).toFixed(6);
    }
    case 'bytes':
      // Pages come and go around a level that changes each minute or so.
      return String(
        4096 * Math.floor((size / 4096) * (1 + 0.02 * (hash(seed, Math.floor(elapsed / 60)) / 2 ** 32)) + 40 * random),
      );
    case 'counter':
      return String(Math.floor(size * (1000 + elapsed + interval * random)));
    case 'constant':
      return String(scale);
    default:
      throw new Error(`unknown kind ${kind satisfies never}`);
  }
}
