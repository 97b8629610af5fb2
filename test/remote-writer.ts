import { compressSync } from 'snappy';

/**
 * A client of remote write 1.0 that knows exactly what was acknowledged: it numbers its samples (value = how many of this
 * series were sent before), sends a batch again until a 2xx answers, and counts only then.
 */
export class RemoteWriter {
  readonly #url: string;
  readonly #series: readonly Uint8Array[];
  readonly #interval: number;
  #sent = 0;
  #acknowledged = 0;
  #retries = 0;
  #stopping = false;
  #running: Promise<void> | undefined;

  /** Writes one sample of each of `series` series named `metric` per interval (ms), one batch after the other. */
  constructor(url: string, options: { readonly metric: string; readonly series: number; readonly interval: number }) {
    this.#url = url;
    this.#interval = options.interval;
    this.#series = Array.from({ length: options.series }, (_, index) =>
      Buffer.concat([label('__name__', options.metric), label('job', 'writer'), label('number', String(index))]),
    );
  }

  /** Samples in batches that were begun. */
  get sent(): number {
    return this.#sent * this.#series.length;
  }

  /** Samples that the server said it has. */
  get acknowledged(): number {
    return this.#acknowledged * this.#series.length;
  }

  /** Requests that had to be repeated. */
  get retries(): number {
    return this.#retries;
  }

  start(): void {
    this.#running ??= this.#run();
    // `stop` tells of it.
    this.#running.catch(() => {});
  }

  /** Ends when the batch in hand is acknowledged, or not after 20 more attempts. Rejects when the server refused one. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let next = Date.now(); !this.#stopping; next += this.#interval) {
      const body = compressSync(this.#batch(next, this.#sent));
      this.#sent++;
      let attempts = 0;
      while (!(await this.#post(body))) {
        this.#retries++;
        if (this.#stopping && ++attempts > 20) return;
        await sleep(250);
      }
      this.#acknowledged++;
      await sleep(Math.max(0, next + this.#interval - Date.now()));
    }
  }

  async #post(body: Buffer): Promise<boolean> {
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-protobuf',
          'content-encoding': 'snappy',
          'x-prometheus-remote-write-version': '0.1.0',
        },
        body: new Uint8Array(body),
        signal: AbortSignal.timeout(10_000),
      });
      await response.arrayBuffer();
      if (response.status >= 400 && response.status < 500 && response.status !== 429) {
        throw new TypeError(`remote write was refused with HTTP ${response.status}`);
      }
      return response.ok;
    } catch (error) {
      if (error instanceof TypeError && error.message.startsWith('remote write was refused')) throw error;
      return false;
    }
  }

  /** WriteRequest { timeseries = 1: { labels = 1, samples = 2: { double value = 1; int64 timestamp = 2 } } }. */
  #batch(timestamp: number, value: number): Buffer {
    const number = Buffer.alloc(9);
    number[0] = 0x09;
    number.writeDoubleLE(value, 1);
    const sample = field(2, Buffer.concat([number, Buffer.from([0x10]), varint(timestamp)]));
    return Buffer.concat(this.#series.map((labels) => field(1, Buffer.concat([labels, sample]))));
  }
}

/** Label { name = 1; value = 2 }, as field 1 of a TimeSeries. Names must come sorted. */
function label(name: string, value: string): Buffer {
  return field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))]));
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
