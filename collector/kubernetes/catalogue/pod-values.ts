import type { Answer } from './component-health.ts';
import type { PodIndex } from './pod-index.ts';
import type { Usage } from './scopes.ts';

/** What is kept of a pod's last sample, because the levels above are sums of it. */
export const SUMMED = [
  'cpu',
  'memory',
  'noCache',
  'receivedBytes',
  'transmittedBytes',
  'receiveBytes',
  'transmitBytes',
  'receivePackets',
  'transmitPackets',
  'fsReadBytes',
  'fsWriteBytes',
  'fsReads',
  'fsWrites',
  'gpu',
  'gpuMemory',
  'cpuResource',
  'memoryResource',
] as const satisfies readonly (keyof Usage | 'cpuResource' | 'memoryResource')[];

const CPU = SUMMED.indexOf('cpu');

/** The latest values of all pods: 144 bytes for each, in columns of SUMMED. */
export class LatestValues {
  /** By pod, then by column. */
  values = new Float64Array(0);
  /** When they were sampled; Unix milliseconds, 0 for never. */
  times = new Float64Array(0);
  #length = 0;
  readonly #free: number[] = [];

  /** A place without values. */
  open(): number {
    const index = this.#free.pop() ?? this.#length++;
    if (index >= this.times.length) {
      const size = Math.max(64, this.times.length * 2);
      const values = new Float64Array(size * SUMMED.length);
      values.set(this.values);
      const times = new Float64Array(size);
      times.set(this.times);
      this.values = values;
      this.times = times;
    }
    this.times[index] = 0;
    return index;
  }

  close(index: number): void {
    this.times[index] = 0;
    this.#free.push(index);
  }

  /** Takes a sample, unless there is a newer one. */
  put(index: number, timestamp: number, sample: Readonly<Record<(typeof SUMMED)[number], number>>): void {
    if (timestamp < this.times[index]!) return;
    this.times[index] = timestamp;
    const at = index * SUMMED.length;
    for (let column = 0; column < SUMMED.length; column++) this.values[at + column] = sample[SUMMED[column]!];
  }

  /** Takes what a sample has, and goes on with the values before where it has none. */
  goOn(index: number, timestamp: number, sample: Readonly<Record<(typeof SUMMED)[number], number>>): void {
    if (timestamp < this.times[index]!) return;
    this.times[index] = timestamp;
    const at = index * SUMMED.length;
    for (let column = 0; column < SUMMED.length; column++) {
      const value = sample[SUMMED[column]!];
      if (!Number.isNaN(value)) this.values[at + column] = value;
    }
  }

  /** Whether there is CPU of it. */
  isKnown(index: number): boolean {
    return this.times[index]! > 0 && !Number.isNaN(this.values[index * SUMMED.length + CPU]!);
  }

  get byteLength(): number {
    return this.values.byteLength + this.times.byteLength;
  }
}

/**
 * Where the sums get what this process does not scrape: nowhere when it scrapes the whole cluster, and from the store when
 * several collectors share it.
 */
export interface PodValues {
  /** Brings the latest values of the pods up to this time. Rejects when that is not possible; then they are as they were. */
  refresh(pods: { readonly index: PodIndex; readonly latest: LatestValues }, timestamp: number): Promise<void>;
  /** What all collectors' targets in the control plane answered last; undefined when this process has them all. */
  answers(timestamp: number): Promise<readonly Answer[] | undefined>;
}

/** This process scrapes all kubelets. */
export const OWN_VALUES: PodValues = {
  refresh: () => Promise.resolve(),
  answers: () => Promise.resolve(undefined),
};
