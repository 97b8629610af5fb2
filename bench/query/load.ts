import { compressSync } from 'snappy';
import { isRefusedForNow, postWriteRequest } from '../post-write-request.ts';
import { type DataSet, labelsOf } from './data-set.ts';
import { WriteRequestEncoder } from './write-request-encoder.ts';

/** Series of a request. */
const SHARD = 500;
/** Samples of a request, at most. */
const REQUEST_SAMPLES = 30_000;
/** How far a request reaches, ms. Prometheus refuses what lies an hour behind the newest sample of all series. */
const REQUEST_SPAN = 15 * 60_000;
/** Requests under way to one server. Pharos answers when a request is on disk, which is once a second for all of them. */
const IN_FLIGHT = 24;

/** A server to be loaded. */
export interface LoadTarget {
  readonly name: string;
  readonly url: string;
}

/**
 * Sends the whole data set to every target through remote write 1.0, in order of time: each request is made once and goes
 * to all. A target that has no room (429, 5xx) is asked again; the slowest decides the pace. Throws when a target refuses a
 * request for good, or takes none for two minutes.
 */
export async function load(
  dataSet: DataSet,
  targets: readonly LoadTarget[],
  progress: (line: string) => void,
): Promise<void> {
  const { series, interval } = dataSet.options;
  const encoder = new WriteRequestEncoder(Array.from({ length: series }, (_, index) => labelsOf(index)));
  const perRequest = Math.max(
    1,
    Math.min(Math.floor(REQUEST_SAMPLES / SHARD), Math.floor(REQUEST_SPAN / 1000 / interval)),
  );
  const lanes = targets.map((target) => new Lane(target));
  const values = new Float64Array(SHARD * perRequest);
  const began = performance.now();
  let told = began;
  for (let tick = 0; tick < dataSet.ticks; tick += perRequest) {
    const count = Math.min(perRequest, dataSet.ticks - tick);
    const timestamps = Float64Array.from({ length: count }, (_, i) => dataSet.timestamp(tick + i));
    for (let first = 0; first < series; first += SHARD) {
      const shard = Math.min(SHARD, series - first);
      for (let i = 0; i < shard; i++) dataSet.next(first + i, count, { out: values, at: i * count });
      const body = new Uint8Array(compressSync(encoder.encode(first, shard, { timestamps, values })));
      await Promise.all(lanes.map((lane) => lane.send(first, body)));
    }
    if (performance.now() - told > 5_000 || tick + count === dataSet.ticks) {
      told = performance.now();
      const done = series * (tick + count);
      const rate = done / (told - began) / 1000;
      progress(
        `loaded ${(done / 1e6).toFixed(1)} of ${(dataSet.samples / 1e6).toFixed(1)} M samples, ${rate.toFixed(2)} M/s`,
      );
    }
  }
  await Promise.all(lanes.map((lane) => lane.drained()));
  for (const { name, repeats } of lanes) {
    if (repeats > 0) progress(`${name} had no room for ${repeats} requests, which were sent again`);
  }
}

/** The requests under way to one server: of each shard one at a time, because its samples must come in order. */
class Lane {
  readonly #target: LoadTarget;
  readonly #running = new Map<number, Promise<void>>();
  #failure: unknown;
  #repeats = 0;

  constructor(target: LoadTarget) {
    this.#target = target;
  }

  get name(): string {
    return this.#target.name;
  }

  /** How often the server answered that a request should be sent again. */
  get repeats(): number {
    return this.#repeats;
  }

  /** Resolves when the request is under way. Throws when an earlier one failed. */
  async send(shard: number, body: Uint8Array): Promise<void> {
    await this.#running.get(shard);
    while (this.#running.size >= IN_FLIGHT) await Promise.race(this.#running.values());
    if (this.#failure !== undefined) throw this.#failure;
    const request = this.#post(body)
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#running.delete(shard));
    this.#running.set(shard, request);
  }

  async drained(): Promise<void> {
    await Promise.all(this.#running.values());
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #post(body: Uint8Array): Promise<void> {
    const { name, url } = this.#target;
    const deadline = Date.now() + 120_000;
    for (;;) {
      const { status, text } = await postWriteRequest(url, body);
      if (status < 300) return;
      if (!isRefusedForNow(status) || Date.now() > deadline) {
        throw new Error(`${name} answered a remote write with HTTP ${status}: ${text.slice(0, 500)}`);
      }
      this.#repeats++;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
