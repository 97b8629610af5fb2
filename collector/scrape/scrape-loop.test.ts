import pino from 'pino';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../clock/clock.ts';
import type { Appender } from '../../storage/appender.ts';
import { StorageError } from '../../storage/errors.ts';
import { Labels } from '../../storage/labels.ts';
import type { SampleBatch } from '../../storage/series.ts';
import { FirstPages } from './first-pages.ts';
import { compileSampleLabels } from './sample-labels.ts';
import type { SampleTap } from './sample-tap.ts';
import type { ScrapeBatch } from './scrape-batch.ts';
import { type LoopContext, type LoopSettings, ScrapeLoop } from './scrape-loop.ts';
import { createScrapeMetrics } from './scrape-metrics.ts';
import type { ScrapedPage, Scraper } from './scraper.ts';
import { IngestScratch } from './series-cache.ts';

/** Time goes on when the test says so; what is due is called in order. The loops' moments lie early in their interval. */
class FakeClock implements Clock {
  time = 1_000_000_000;
  /** How far the wall clock is from the steady one. */
  jump = 0;
  readonly #calls: { at: number; call: () => void }[] = [];

  now(): number {
    return this.time + this.jump;
  }

  elapsed(): number {
    return this.time;
  }

  schedule(milliseconds: number, call: () => void): () => void {
    const entry = { at: this.time + milliseconds, call };
    this.#calls.push(entry);
    return () => {
      const index = this.#calls.indexOf(entry);
      if (index >= 0) this.#calls.splice(index, 1);
    };
  }

  get pending(): number {
    return this.#calls.length;
  }

  async advance(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await settle();
    for (;;) {
      const next = this.#calls.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#calls.splice(this.#calls.indexOf(next), 1);
      this.time = Math.max(this.time, next.at);
      next.call();
      await settle();
    }
    this.time = end;
  }
}

/** Lets everything happen that does not wait for a timer. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}

type Row = { series: string; timestamp: number; value: number | 'stale' };

class RecordingAppender implements Appender {
  readonly #labels: Labels[] = [];
  readonly batches: Row[][] = [];
  readonly described: string[] = [];
  held = 0;
  /** What happens to the next batches. */
  outcome: () => Promise<void> = () => Promise.resolve();

  acquire(labels: Labels): number {
    this.held++;
    const known = this.#labels.findIndex((other) => other.equals(labels));
    return known >= 0 ? known : this.#labels.push(labels) - 1;
  }

  release(refs: Iterable<number>): void {
    for (const _ of refs) this.held--;
  }

  append(batch: SampleBatch): Promise<void> {
    const rows: Row[] = [];
    for (let i = 0; i < batch.length; i++) {
      const series = this.#labels[batch.refs[i]!]!.with('job', '').with('instance', '').toString();
      rows.push({ series, timestamp: batch.timestamps[i]!, value: batch.stale[i] === 1 ? 'stale' : batch.values[i]! });
    }
    return this.outcome().then(() => {
      this.batches.push(rows);
    });
  }

  describe(metadata: readonly { metric: string }[]): void {
    this.described.push(...metadata.map(({ metric }) => metric));
  }

  /** The last batch, by series. */
  get last(): Record<string, number | 'stale'> {
    return Object.fromEntries((this.batches.at(-1) ?? []).map(({ series, value }) => [series, value]));
  }

  get timestamps(): number[] {
    return this.batches.map((rows) => rows[0]!.timestamp);
  }
}

class FakeScraper implements Scraper {
  page = 'a 1\n';
  contentType = 'text/plain';
  scrapes = 0;
  running = 0;
  released = 0;
  isClosed = false;
  /** What a scrape waits for. */
  delay: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  async scrape(signal: AbortSignal): Promise<ScrapedPage> {
    this.scrapes++;
    expect(++this.running).toBe(1);
    try {
      await this.delay(signal);
    } finally {
      this.running--;
    }
    const { contentType } = this;
    return { bytes: Buffer.from(this.page), contentType, release: () => this.released++ };
  }

  async close(): Promise<void> {
    expect(this.running).toBe(0);
    this.isClosed = true;
  }
}

const INTERVAL = 10_000;
const labels = Labels.from({ job: 'j', instance: 'i' });
const sampleLabels = compileSampleLabels({
  target: labels,
  honorLabels: false,
  relabel: (given) => given,
  labelLimit: 0,
  labelNameLengthLimit: 0,
  labelValueLengthLimit: 0,
});

let clock: FakeClock;
let appender: RecordingAppender;
let scraper: FakeScraper;
let registry: Registry;
let context: LoopContext;
let closing: AbortController;
let logged: string[];

beforeEach(() => {
  clock = new FakeClock();
  appender = new RecordingAppender();
  scraper = new FakeScraper();
  registry = new Registry();
  closing = new AbortController();
  logged = [];
  context = {
    appender,
    scratch: new IngestScratch(),
    clock,
    logger: pino({ level: 'debug' }, { write: (line: string) => void logged.push(JSON.parse(line).msg) }),
    metrics: createScrapeMetrics(registry, { cache: () => ({ rows: 0, bytes: 0 }), bodies: () => 0 }),
    closing: closing.signal,
  };
});

function settings(changes: Partial<LoopSettings> = {}): LoopSettings {
  return {
    scraper,
    scrapeInterval: INTERVAL,
    scrapeTimeout: 5_000,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    sampleLimit: 0,
    fallbackProtocol: undefined,
    labels: sampleLabels,
    forcedError: undefined,
    ...changes,
  };
}

function start(changes: Partial<LoopSettings> = {}, key = 'k'): ScrapeLoop {
  return new ScrapeLoop({ context, job: 'j', labels, key, settings: settings(changes) });
}

async function metric(name: string): Promise<number> {
  const values = (await registry.getSingleMetric(name)!.get()).values;
  return values.reduce((sum, { value }) => sum + value, 0);
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => void clock.schedule(milliseconds, resolve));

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('a target that may not be reachable', () => {
  it('is silent until it has answered, and then as loud as any other', async () => {
    const fail = () => Promise.reject(new Error('connection refused'));
    scraper.delay = fail;
    const loop = start({ silentUntilUp: true });
    await clock.advance(3 * INTERVAL);
    expect(scraper.scrapes).toBe(3);
    expect(appender.batches).toEqual([]);
    expect(loop.status.health).toBe('unknown');
    expect(loop.status.lastError).toBe('not reachable so far: connection refused');
    expect(await metric('pharos_scrapes_total')).toBe(3);
    scraper.delay = () => Promise.resolve();
    await clock.advance(INTERVAL);
    expect(appender.last).toMatchObject({ up: 1, a: 1 });
    scraper.delay = fail;
    await clock.advance(INTERVAL);
    expect(appender.last).toMatchObject({ up: 0, a: 'stale' });
    await loop.stop({ markStale: false });
  });
});

describe('the first page of a target', () => {
  it('is remembered when the storage refuses it', async () => {
    appender.outcome = () => Promise.reject(new StorageError('full', 'no room'));
    const loop = start();
    await clock.advance(INTERVAL);
    const { held } = appender;
    expect(held).toBe(6);
    expect(loop.cacheSize.rows).toBe(1);
    appender.outcome = () => Promise.resolve();
    await clock.advance(INTERVAL);
    expect(appender.held).toBe(held);
    expect(appender.batches).toHaveLength(1);
    expect(appender.last).toMatchObject({ a: 1, up: 1 });
    await loop.stop({ markStale: false });
    expect(appender.held).toBe(0);
  });

  it('waits for its turn', async () => {
    const firstPages = new FirstPages({ clock, places: 1 });
    context = { ...context, firstPages };
    const slow = new FakeScraper();
    slow.delay = () => sleep(400);
    const other = new FakeScraper();
    const place = await firstPages.enter(new AbortController().signal);
    place!.arrived();
    const loops = [start({ scraper: slow }), start({ scraper: other }, 'k2')];
    await clock.advance(INTERVAL - 1);
    expect(slow.scrapes + other.scrapes).toBe(0);
    place!.leave();
    await clock.advance(2 * INTERVAL);
    expect(slow.scrapes).toBeGreaterThanOrEqual(2);
    expect(other.scrapes).toBeGreaterThanOrEqual(2);
    await Promise.all(loops.map((loop) => loop.stop({ markStale: false })));
  });
});

describe('moments', () => {
  it('are an interval apart, always the same ones for a target', async () => {
    const loop = start();
    await clock.advance(4 * INTERVAL);
    expect(appender.timestamps).toHaveLength(4);
    const phase = appender.timestamps[0]! % INTERVAL;
    expect(appender.timestamps.map((timestamp) => timestamp % INTERVAL)).toEqual([phase, phase, phase, phase]);
    await loop.stop({ markStale: false });
    appender.batches.length = 0;
    clock.time += 1234;
    const again = start();
    await clock.advance(INTERVAL);
    expect(appender.timestamps.map((timestamp) => timestamp % INTERVAL)).toEqual([phase]);
    await again.stop({ markStale: false });
  });

  it('are spread over the interval', async () => {
    const loops = Array.from({ length: 50 }, (_, i) => start({ scraper: new FakeScraper() }, `key ${i}`));
    await clock.advance(INTERVAL);
    const halves = appender.timestamps.filter((timestamp) => timestamp % INTERVAL < INTERVAL / 2).length;
    expect(appender.timestamps).toHaveLength(50);
    expect(halves).toBeGreaterThan(10);
    expect(halves).toBeLessThan(40);
    await Promise.all(loops.map((loop) => loop.stop({ markStale: false })));
    expect(clock.pending).toBe(0);
  });

  it('give their time to scrapes that begin a little late, and only to these', async () => {
    const loop = start();
    await clock.advance(INTERVAL);
    const first = appender.timestamps[0]!;
    clock.time = first + INTERVAL + 80;
    await clock.advance(0);
    clock.time = first + 2 * INTERVAL + 120;
    await clock.advance(0);
    expect(appender.timestamps).toEqual([first, first + INTERVAL, first + 2 * INTERVAL + 120]);
    expect(loop.status.lastScrape).toBe(first + 2 * INTERVAL + 120);
    await loop.stop({ markStale: false });
  });

  it('are missed, and counted, while a scrape runs', async () => {
    const loop = start({ scrapeTimeout: 60_000 });
    scraper.delay = (signal) => Promise.race([sleep(25_000), untilAborted(signal)]);
    await clock.advance(3 * INTERVAL);
    expect(scraper.scrapes).toBe(1);
    await clock.advance(1.5 * INTERVAL);
    expect(scraper.scrapes).toBe(2);
    expect(appender.timestamps).toHaveLength(1);
    expect(await metric('pharos_scrape_missed_total')).toBe(2);
    await loop.stop({ markStale: false });
  });

  it('are missed while samples are not durable', async () => {
    const loop = start();
    appender.outcome = () => sleep(15_000);
    await clock.advance(2 * INTERVAL);
    expect(scraper.scrapes).toBe(1);
    await clock.advance(INTERVAL);
    expect(scraper.scrapes).toBe(2);
    expect(await metric('pharos_scrape_missed_total')).toBe(1);
    const stopped = loop.stop({ markStale: false });
    await clock.advance(2 * INTERVAL);
    await stopped;
  });

  it('go on when the clock is set back or forward', async () => {
    const loop = start();
    await clock.advance(INTERVAL);
    clock.jump = -24 * 3_600_000;
    await clock.advance(2 * INTERVAL);
    expect(scraper.scrapes).toBeGreaterThanOrEqual(2);
    const { scrapes } = scraper;
    clock.jump = 24 * 3_600_000;
    await clock.advance(2 * INTERVAL);
    expect(scraper.scrapes).toBeGreaterThan(scrapes);
    expect(scraper.scrapes).toBeLessThanOrEqual(scrapes + 3);
    await loop.stop({ markStale: false });
  });
});

describe('reports', () => {
  const REPORT = [
    'scrape_duration_seconds',
    'scrape_samples_post_metric_relabeling',
    'scrape_samples_scraped',
    'scrape_series_added',
    'up',
  ];

  it('come in one batch with the samples', async () => {
    scraper.page = '# HELP a x\na 1\nb 2\n';
    scraper.delay = () => sleep(500);
    const loop = start();
    await clock.advance(INTERVAL + 500);
    expect(appender.batches).toHaveLength(1);
    expect(appender.last).toEqual({
      a: 1,
      b: 2,
      up: 1,
      scrape_duration_seconds: 0.5,
      scrape_samples_scraped: 2,
      scrape_samples_post_metric_relabeling: 2,
      scrape_series_added: 2,
    });
    expect(appender.described).toEqual(['a']);
    expect(loop.status).toMatchObject({ health: 'up', lastError: '', lastScrapeDuration: 500 });
    expect(loop.metadata()).toEqual([{ metric: 'a', type: 'unknown', help: 'x', unit: '' }]);
    expect(scraper.released).toBe(1);
    await loop.stop({ markStale: false });
  });

  it('count before the same metrics of the page, also when the page loses them', async () => {
    scraper.page = 'up 7\na 1\n';
    const loop = start();
    await clock.advance(INTERVAL);
    expect(appender.last).toMatchObject({ up: 1, a: 1 });
    expect(await metric('pharos_scrape_samples_dropped_total')).toBe(1);
    scraper.page = 'a 1\n';
    await clock.advance(INTERVAL);
    expect(appender.last).toMatchObject({ up: 1, a: 1 });
    await loop.stop({ markStale: false });
  });

  it.each<[what: string, break_: () => Partial<LoopSettings>, reason: string]>([
    [
      'the target fails',
      () => {
        scraper.delay = () => Promise.reject(new Error('connection refused'));
        return {};
      },
      'connection refused',
    ],
    [
      'the target takes too long',
      () => {
        scraper.delay = untilAborted;
        return {};
      },
      'the scrape timed out: no complete answer within 5s',
    ],
    [
      'the page is malformed',
      () => {
        scraper.page = 'a 1\nb\n';
        return {};
      },
      'line 2: expected a blank or { after the metric name, got "b"',
    ],
    [
      'the page is OpenMetrics',
      () => {
        scraper.contentType = 'application/openmetrics-text; version=1.0.0';
        return {};
      },
      'the target answers in application/openmetrics-text, which is not supported; it was asked for text/plain',
    ],
    [
      'the page has no type',
      () => {
        scraper.contentType = '';
        return {};
      },
      'the target sends no Content-Type and there is no fallback_scrape_protocol',
    ],
    ['the scrape is forbidden', () => ({ forcedError: new Error('target_limit exceeded') }), 'target_limit exceeded'],
  ])('say up 0 and end all series when %s', async (_, break_, reason) => {
    const loop = start();
    await clock.advance(INTERVAL);
    expect(appender.last).toMatchObject({ a: 1, up: 1 });
    loop.reconfigure(settings(break_()));
    await clock.advance(INTERVAL);
    expect(appender.last).toMatchObject({ a: 'stale', up: 0, scrape_samples_scraped: 0, scrape_series_added: 0 });
    expect(loop.status).toMatchObject({ health: 'down', lastError: reason });
    await clock.advance(INTERVAL);
    expect(Object.keys(appender.last).sort()).toEqual(REPORT);
    Object.assign(scraper, { delay: () => Promise.resolve(), page: 'a 2\n', contentType: 'text/plain' });
    loop.reconfigure(settings());
    await clock.advance(INTERVAL);
    expect(appender.last).toMatchObject({ a: 2, up: 1, scrape_series_added: 0 });
    // Told of once, however often it fails.
    expect(logged).toEqual(['target is down', 'target is up again']);
    await loop.stop({ markStale: false });
  });

  it('say how many samples a page over its limit has', async () => {
    const loop = start({ sampleLimit: 2 });
    await clock.advance(INTERVAL);
    scraper.page = 'a 1\nb 1\nc 1\n';
    await clock.advance(INTERVAL);
    expect(appender.last).toEqual({
      a: 'stale',
      up: 0,
      scrape_duration_seconds: 0,
      scrape_samples_scraped: 3,
      scrape_samples_post_metric_relabeling: 3,
      scrape_series_added: 0,
    });
    expect(loop.status.lastError).toContain('sample limit exceeded');
    expect(await metric('pharos_scrape_limit_exceeded_total')).toBe(1);
    await loop.stop({ markStale: false });
  });

  it('leave out samples far from now', async () => {
    const now = clock.now();
    const minutes = (count: number): number => now + count * 60_000;
    scraper.page = `a 1 ${minutes(9)}\nb 1 ${minutes(11)}\nc 1 ${minutes(-23 * 60)}\nd 1 ${minutes(-25 * 60)}\n`;
    const loop = start();
    await clock.advance(INTERVAL);
    expect(appender.last).toMatchObject({ a: 1, c: 1, up: 1, scrape_samples_post_metric_relabeling: 4 });
    expect(Object.keys(appender.last)).not.toContain('b');
    expect(Object.keys(appender.last)).not.toContain('d');
    expect(await metric('pharos_scrape_samples_dropped_total')).toBe(2);
    await loop.stop({ markStale: false });
  });

  it('take a page without a type where the job says in what format it is', async () => {
    scraper.contentType = '';
    const loop = start({ fallbackProtocol: 'PrometheusText0.0.4' });
    await clock.advance(INTERVAL);
    expect(appender.last).toMatchObject({ a: 1, up: 1 });
    await loop.stop({ markStale: false });
  });
});

describe('a storage that refuses', () => {
  const full = (): Promise<void> => Promise.reject(new StorageError('full', 'the outbox has no room'));

  it('stores nothing of the scrape, and no series is lost from sight', async () => {
    scraper.page = 'a 1\nb 1\n';
    const loop = start();
    await clock.advance(INTERVAL);
    appender.outcome = full;
    scraper.page = 'a 2\nc 2\n';
    await clock.advance(2 * INTERVAL);
    expect(appender.batches).toHaveLength(1);
    expect(loop.status).toMatchObject({
      health: 'up',
      lastError: 'the storage refused the scrape: the outbox has no room',
    });
    expect(await metric('pharos_scrapes_total')).toBe(3);
    expect(logged).toEqual(['scrapes are not stored']);
    appender.outcome = () => Promise.resolve();
    await clock.advance(INTERVAL);
    expect(appender.last).toMatchObject({ a: 2, b: 'stale', c: 2, up: 1, scrape_series_added: 1 });
    expect(loop.status.lastError).toBe('');
    await loop.stop({ markStale: false });
    expect(appender.held).toBe(0);
  });

  it('gets the stale markers of a target that is gone later', async () => {
    const loop = start();
    await clock.advance(INTERVAL);
    appender.outcome = full;
    const stopped = loop.stop({ markStale: true });
    const at = clock.now();
    await clock.advance(12_000);
    appender.outcome = () => Promise.resolve();
    await clock.advance(5_000);
    await stopped;
    expect(appender.batches).toHaveLength(2);
    expect(appender.last).toMatchObject({ a: 'stale', up: 'stale' });
    expect(appender.timestamps[1]).toBe(at);
    expect(appender.held).toBe(0);
  });

  it('is not waited for when the process ends', async () => {
    const loop = start();
    await clock.advance(INTERVAL);
    appender.outcome = full;
    const stopped = loop.stop({ markStale: true });
    await clock.advance(1_000);
    closing.abort();
    await stopped;
    expect(clock.pending).toBe(0);
  });
});

describe('the end of a loop', () => {
  it('marks all series stale when the target is gone', async () => {
    const loop = start();
    await clock.advance(INTERVAL);
    await loop.stop({ markStale: true });
    expect(appender.last).toEqual({
      a: 'stale',
      up: 'stale',
      scrape_duration_seconds: 'stale',
      scrape_samples_scraped: 'stale',
      scrape_samples_post_metric_relabeling: 'stale',
      scrape_series_added: 'stale',
    });
    expect(appender.timestamps[1]).toBeGreaterThan(appender.timestamps[0]!);
    expect(appender.held).toBe(0);
    expect(scraper.isClosed).toBe(true);
    expect(clock.pending).toBe(0);
    await clock.advance(INTERVAL);
    expect(scraper.scrapes).toBe(1);
  });

  it('stores nothing when there was nothing, or when the process ends', async () => {
    await start().stop({ markStale: true });
    expect(appender.batches).toHaveLength(0);
    scraper = new FakeScraper();
    const loop = start();
    await clock.advance(INTERVAL);
    await loop.stop({ markStale: false });
    expect(appender.batches).toHaveLength(1);
    expect(appender.held).toBe(0);
  });

  it('cuts a scrape under way', async () => {
    const loop = start();
    scraper.delay = untilAborted;
    await clock.advance(INTERVAL / 2);
    expect(scraper.running).toBe(1);
    await Promise.all([loop.stop({ markStale: false }), loop.stop({ markStale: true })]);
    expect(appender.batches).toHaveLength(0);
    expect(scraper.isClosed).toBe(true);
    expect(clock.pending).toBe(0);
  });
});

describe('reconfigure', () => {
  it('takes effect with the next scrape, and the series go on', async () => {
    const loop = start();
    await clock.advance(INTERVAL);
    const [before, skipped, after] = [scraper, new FakeScraper(), new FakeScraper()];
    loop.reconfigure(settings({ scraper: skipped }));
    loop.reconfigure(settings({ scraper: after }));
    expect(skipped.isClosed).toBe(true);
    await clock.advance(INTERVAL);
    expect(before.isClosed).toBe(true);
    expect(after.scrapes).toBe(1);
    expect(appender.last).toMatchObject({ a: 1, scrape_series_added: 0 });
    await loop.stop({ markStale: false });
    expect(after.isClosed).toBe(true);
  });

  it('changes the moments at once', async () => {
    const loop = start({ scrapeInterval: 3_600_000 });
    await clock.advance(1_000);
    const before = scraper.scrapes;
    loop.reconfigure(settings({ scrapeInterval: 1_000, scrapeTimeout: 1_000 }));
    await clock.advance(5_000);
    expect(scraper.scrapes - before).toBe(5);
    await loop.stop({ markStale: false });
  });

  it('ends series whose labels have changed', async () => {
    const loop = start();
    await clock.advance(INTERVAL);
    loop.reconfigure(settings({ labels: (scraped) => sampleLabels(scraped)!.with('new', 'x') }));
    await clock.advance(INTERVAL);
    expect(appender.last).toMatchObject({ a: 'stale', 'a{new="x"}': 1, up: 1 });
    await loop.stop({ markStale: false });
    expect(appender.held).toBe(0);
  });
});

describe('a tap', () => {
  /** Writes down what it is told, and adds the series `derived` to every page. */
  class RecordingTap implements SampleTap {
    readonly told: string[] = [];
    readonly held = new Map<number, { name: string; holders: number }>();
    readonly derived = appender.acquire(Labels.from({ __name__: 'derived' }));

    acquired(ref: number, { metric }: Labels): void {
      const known = this.held.get(ref);
      this.held.set(ref, { name: metric, holders: (known?.holders ?? 0) + 1 });
    }

    released(ref: number): void {
      const known = this.held.get(ref)!;
      if (known.holders === 1) this.held.delete(ref);
      else this.held.set(ref, { ...known, holders: known.holders - 1 });
    }

    page(batch: ScrapeBatch, timestamp: number): void {
      const samples: string[] = [];
      for (let i = 0; i < batch.length; i++) {
        const series = this.held.get(batch.refs[i]!);
        if (series !== undefined) samples.push(`${series.name}=${batch.stale[i] === 1 ? 'stale' : batch.values[i]}`);
      }
      expect(batch.timestamps[0]).toBe(timestamp);
      batch.add(this.derived, timestamp, samples.length);
      this.told.push(`page ${samples.join(' ')}`);
    }

    failed(batch: ScrapeBatch, timestamp: number): void {
      batch.addStale(this.derived, timestamp);
      this.told.push('failed');
    }

    ended(batch: ScrapeBatch, timestamp: number): void {
      batch.addStale(this.derived, timestamp);
      this.told.push('ended');
    }

    stored(): void {
      this.told.push('stored');
    }

    refused(): void {
      this.told.push('refused');
    }

    closed(): void {
      this.told.push('closed');
    }
  }

  const begin = (tap: SampleTap): ScrapeLoop =>
    new ScrapeLoop({ context, job: 'j', labels, key: 'k', settings: settings(), tap });

  it('hears each series once, every page, and what became of it; what it adds is stored with the page', async () => {
    const tap = new RecordingTap();
    scraper.page = 'a 1\nb 2\n';
    const loop = begin(tap);
    await clock.advance(INTERVAL);
    expect(appender.last).toMatchObject({ a: 1, b: 2, derived: 2, scrape_samples_scraped: 2, up: 1 });
    scraper.page = 'a 3\nc 4\nc 4\n';
    await clock.advance(INTERVAL);
    expect([...tap.held.values()].map(({ name }) => name)).toEqual(['a', 'c']);
    appender.outcome = () => Promise.reject(new StorageError('full', 'full'));
    await clock.advance(INTERVAL);
    appender.outcome = () => Promise.resolve();
    scraper.page = 'a 5\n';
    await clock.advance(INTERVAL);
    expect([...tap.held.values()]).toEqual([{ name: 'a', holders: 1 }]);
    await loop.stop({ markStale: true });
    expect(appender.last).toMatchObject({ a: 'stale', derived: 'stale', up: 'stale' });
    expect(tap.held.size).toBe(0);
    expect(tap.told).toEqual([
      'page a=1 b=2',
      'stored',
      'page a=3 c=4 b=stale',
      'stored',
      'page a=3 c=4',
      'refused',
      'page a=5 c=stale',
      'stored',
      'ended',
      'stored',
      'closed',
    ]);
  });

  it('hears of failures, and of the end of the process nothing but that', async () => {
    const tap = new RecordingTap();
    scraper.page = 'a 1\n';
    const loop = begin(tap);
    await clock.advance(INTERVAL);
    scraper.page = 'garbage{\n';
    await clock.advance(INTERVAL);
    expect(appender.last).toMatchObject({ a: 'stale', derived: 'stale', up: 0 });
    scraper.delay = () => Promise.reject(new Error('refused'));
    await clock.advance(INTERVAL);
    await loop.stop({ markStale: false });
    expect(tap.told).toEqual(['page a=1', 'stored', 'failed', 'stored', 'failed', 'stored', 'closed']);
    expect(tap.held.size).toBe(0);
  });
});
