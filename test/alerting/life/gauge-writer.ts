import { compressSync } from 'snappy';
import { encodeWriteRequest } from '../../../collector/receive/encode-write-request.ts';

/** One series with a value that is changed at exact times, written by remote write every second. */
export class GaugeWriter {
  readonly #url: string;
  readonly #labels: readonly (readonly [string, string])[];
  /** Each holds for what is later than its time. */
  readonly #values: { readonly after: number; readonly value: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Of the newest sample that was acknowledged. */
  newest = 0;
  /** Why the last sample was not, '' when it was. */
  problem = '';

  /** The URL of a Pharos. */
  constructor(url: string, labels: Readonly<Record<string, string>>) {
    this.#url = `${url}/api/v1/write`;
    this.#labels = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Samples later than `after` have the value. */
  set(value: number, after: number): void {
    this.#values.push({ after, value });
  }

  start(): void {
    this.#timer = setInterval(() => void this.write([Date.now()]), 1_000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Writes a sample at each of the times; never rejects. */
  async write(times: readonly number[]): Promise<void> {
    const samples = times.map((timestamp) => ({ timestamp, value: this.#valueAt(timestamp) }));
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
        body: new Uint8Array(compressSync(encodeWriteRequest({ series: [{ labels: this.#labels, samples }] }))),
        signal: AbortSignal.timeout(10_000),
      });
      const text = await response.text();
      this.problem = response.ok ? '' : `HTTP ${response.status}: ${text.trim()}`;
      if (response.ok) this.newest = Math.max(this.newest, ...times);
    } catch (error) {
      this.problem = String(error);
    }
  }

  #valueAt(time: number): number {
    const known = this.#values.filter(({ after }) => time > after);
    return known.reduce((latest, other) => (other.after >= latest.after ? other : latest), { after: 0, value: 0 })
      .value;
  }
}
