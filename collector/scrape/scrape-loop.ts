import { hash } from 'node:crypto';
import type { Logger } from 'pino';
import { type Clock, wait } from '../../clock/clock.ts';
import type { Appender } from '../../storage/appender.ts';
import type { Labels } from '../../storage/labels.ts';
import type { Metadata } from '../../storage/series.ts';
import { checkTextFormat } from '../exposition/content-type.ts';
import type { ArrivalSource, Arrivals } from './arrivals.ts';
import { formatDurationLabel } from './duration.ts';
import type { FirstPage, FirstPages } from './first-pages.ts';
import { HealthLog } from './health-log.ts';
import { LimitError } from './limit-error.ts';
import { ReportSeries, type ScrapeReport } from './report.ts';
import type { SampleLabels } from './sample-labels.ts';
import type { SampleTap } from './sample-tap.ts';
import type { ScrapeMetrics } from './scrape-metrics.ts';
import type { ScrapedPage, Scraper } from './scraper.ts';
import { type IngestCounts, type IngestScratch, SeriesCache } from './series-cache.ts';
import type { TargetHealth } from './target-status.ts';

/** What the loops of an Appender share. */
export interface LoopContext {
  readonly appender: Appender;
  readonly scratch: IngestScratch;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ScrapeMetrics;
  /** Lets new targets begin in turn. Default: all at once. */
  readonly firstPages?: FirstPages;
  /** Is told what was due and what has been appended. Default: nobody asks. */
  readonly arrivals?: Arrivals | undefined;
  /** Aborts when the process ends: nothing is repeated any more. */
  readonly closing: AbortSignal;
}

/** How a target is scraped. A loop's settings can change between two scrapes. */
export interface LoopSettings {
  /** Belongs to the loop, which closes it. */
  readonly scraper: Scraper;
  readonly scrapeInterval: number;
  readonly scrapeTimeout: number;
  readonly honorTimestamps: boolean;
  readonly trackTimestampsStaleness: boolean;
  readonly sampleLimit: number;
  readonly fallbackProtocol: string | undefined;
  readonly labels: SampleLabels;
  /** Every scrape fails with this error, without asking the target. */
  readonly forcedError: Error | undefined;
  /** Failures are not stored until the target has answered once. Default false. */
  readonly silentUntilUp?: boolean;
}

export interface LoopOptions {
  readonly context: LoopContext;
  readonly job: string;
  /** The target's labels: those of the series that report on it. */
  readonly labels: Labels;
  /** Decides at which moment of the interval the target is scraped, always the same one. */
  readonly key: string;
  readonly settings: LoopSettings;
  readonly tap?: SampleTap | undefined;
}

/** What a loop knows of its last scrape; see TargetStatus. */
export interface LoopStatus {
  readonly health: TargetHealth;
  readonly lastError: string;
  readonly lastScrape: number;
  readonly lastScrapeDuration: number;
}

/** Of one scrape. */
interface ScrapeMoment {
  readonly scheduled: number;
  /** Of its samples. */
  readonly timestamp: number;
  readonly startedAt: number;
  readonly startElapsed: number;
  /** Of a target whose series are not known yet. */
  readonly place: FirstPage | undefined;
}

/** New series from which on a page is large. */
const LARGE = 500;

/**
 * Samples with timestamps further ahead than this are left out, as in Prometheus, and those further behind, which are
 * mistakes (seconds in place of milliseconds lie in January 1970) and would each open a day of its own in the store.
 */
const MAX_AHEAD = 10 * 60_000;
const MAX_BEHIND = 24 * 3_600_000;

/**
 * A scrape that begins at most this part of its interval late, and at most MAX_ALIGNED milliseconds, gets the scheduled
 * time: timestamps at regular distances cost a hundredth of those that jitter, and rates are off by 1 % at most.
 */
const ALIGNED_PART = 0.01;
const MAX_ALIGNED = 100;

/** For how long, and how often, stale markers of a target that is gone are offered to a storage that refuses them. */
const END_ATTEMPTS = 60;
const END_PAUSE = 5_000;

/**
 * Scrapes one target at regular moments until it is stopped. Scrapes never overlap; a moment that comes while one still
 * runs, or while its samples are not durable yet, is missed and counted. Each scrape is one batch: the page's samples,
 * stale markers, and the report on the scrape.
 */
export class ScrapeLoop {
  readonly job: string;
  readonly #context: LoopContext;
  readonly #labels: Labels;
  readonly #phase: number;
  readonly #cache: SeriesCache;
  readonly #report: ReportSeries;
  readonly #tap: SampleTap | undefined;
  readonly #arrival: ArrivalSource | undefined;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #settings: LoopSettings;
  #nextSettings: LoopSettings | undefined;
  /** Ends the sleep until the next scrape. */
  #wake: (() => void) | undefined;
  #status: LoopStatus = { health: 'unknown', lastError: '', lastScrape: 0, lastScrapeDuration: 0 };
  /** The last timestamp that was appended, 0 when there was none. */
  #lastTimestamp = 0;
  #hasAnswered = false;
  #stopped: Promise<void> | undefined;

  constructor({ context, job, labels, key, settings, tap }: LoopOptions) {
    this.job = job;
    this.#context = context;
    this.#labels = labels;
    this.#phase = hash('sha1', key, 'buffer').readUInt32BE(0) / 2 ** 32;
    this.#settings = settings;
    this.#cache = new SeriesCache(context.appender, context.scratch, tap);
    this.#tap = tap;
    this.#report = new ReportSeries(context.appender, labels);
    this.#arrival = context.arrivals?.source();
    this.#running = this.#run();
  }

  get status(): LoopStatus {
    return this.#status;
  }

  get settings(): LoopSettings {
    return this.#nextSettings ?? this.#settings;
  }

  /** Lines and bytes that the cache holds. */
  get cacheSize(): { readonly rows: number; readonly bytes: number } {
    return { rows: this.#cache.rows, bytes: this.#cache.byteLength };
  }

  metadata(): readonly Metadata[] {
    return this.#cache.metadata();
  }

  /** From the next scrape on. The target's series continue. */
  reconfigure(settings: LoopSettings): void {
    const before = this.settings;
    const skipped = this.#nextSettings;
    if (skipped !== undefined && skipped.scraper !== settings.scraper) void this.#close(skipped.scraper);
    this.#nextSettings = settings;
    // It sleeps until a moment of the old interval.
    if (before.scrapeInterval !== settings.scrapeInterval) this.#wake?.();
  }

  /**
   * Ends the loop and cuts a scrape under way. With `markStale` the target is gone: its series get stale markers at the
   * present moment, repeatedly offered while the storage refuses them. Without, the process ends and they may go on.
   */
  stop({ markStale }: { readonly markStale: boolean }): Promise<void> {
    this.#stopped ??= this.#end(this.#context.clock.now(), markStale);
    return this.#stopped;
  }

  async #run(): Promise<void> {
    const { clock, metrics } = this.#context;
    const { signal } = this.#stopping;
    let interval = this.settings.scrapeInterval;
    let next = this.#momentAfter(clock.now());
    while (!signal.aborted) {
      const now = clock.now();
      // The interval was changed, or the clock set back.
      if (interval !== this.settings.scrapeInterval || next - now > interval) {
        interval = this.settings.scrapeInterval;
        next = this.#momentAfter(now);
        if (this.#status.lastScrape > 0) this.#expect(next);
      }
      if (now < next) {
        // Timers may fire a little early: then it sleeps again.
        await this.#sleep(next - now);
        continue;
      }
      await this.#scrape(next);
      const following = this.#momentAfter(Math.max(clock.now() - 1, next));
      const missed = interval === this.settings.scrapeInterval ? Math.round((following - next) / interval) - 1 : 0;
      if (missed > 0 && !signal.aborted) metrics.missed.inc({ scrape_job: this.job }, missed);
      next = following;
      this.#expect(next);
    }
  }

  /** All that was due before has been appended, or never will be. Before its first scrape nothing is expected of a target. */
  #expect(due: number): void {
    const { scrapeInterval, scrapeTimeout } = this.settings;
    this.#arrival?.setPatience(Math.min(scrapeTimeout, scrapeInterval / 2));
    this.#arrival?.expect(due);
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#wake = undefined;
        resolve();
      };
      const cancel = this.#context.clock.schedule(milliseconds, wake);
      this.#wake = wake;
    });
  }

  /** The first moment after `time` at which the target is to be scraped. */
  #momentAfter(time: number): number {
    const { scrapeInterval } = this.settings;
    const offset = Math.floor(this.#phase * scrapeInterval);
    return (Math.floor((time - offset) / scrapeInterval) + 1) * scrapeInterval + offset;
  }

  /** Never rejects. */
  async #scrape(scheduled: number): Promise<void> {
    this.#adoptSettings();
    const { firstPages } = this.#context;
    if (!this.#cache.isNew || firstPages === undefined) return this.#scrapeAt(scheduled, undefined);
    const place = await firstPages.enter(this.#stopping.signal);
    if (place === undefined) return;
    await this.#scrapeAt(scheduled, place);
    place.leave();
  }

  async #scrapeAt(scheduled: number, place: FirstPage | undefined): Promise<void> {
    const { clock, logger } = this.#context;
    const startedAt = clock.now();
    const startElapsed = clock.elapsed();
    let page: ScrapedPage | undefined;
    let failure: unknown = this.#settings.forcedError;
    if (failure === undefined) {
      try {
        page = await this.#fetch();
        place?.arrived();
      } catch (error) {
        failure = error ?? new Error('unknown error');
      }
    }
    try {
      if (this.#stopping.signal.aborted) return;
      const late = startedAt - scheduled;
      const isAligned = late <= Math.min(this.#settings.scrapeInterval * ALIGNED_PART, MAX_ALIGNED);
      const timestamp = isAligned ? scheduled : startedAt;
      await this.#store(page, failure, { scheduled, timestamp, startedAt, startElapsed, place });
    } catch (error) {
      // Not expected: what may fail is handled where it fails.
      logger.error({ job: this.job, err: error }, 'a scrape ended in a defect');
    }
  }

  async #fetch(): Promise<ScrapedPage> {
    const { clock } = this.#context;
    const { scraper, scrapeTimeout } = this.#settings;
    const stopping = this.#stopping.signal;
    const ending = new AbortController();
    const stop = (): void => ending.abort(stopping.reason);
    stopping.addEventListener('abort', stop, { once: true });
    const cancel = clock.schedule(scrapeTimeout, () =>
      ending.abort(new Error(`the scrape timed out: no complete answer within ${formatDurationLabel(scrapeTimeout)}`)),
    );
    try {
      return await scraper.scrape(ending.signal);
    } finally {
      cancel();
      stopping.removeEventListener('abort', stop);
    }
  }

  /** Fills one batch and appends it. Nothing else may run between its beginning and the call of `append`. */
  async #store(
    page: ScrapedPage | undefined,
    failure: unknown,
    { scheduled, timestamp, startedAt, startElapsed, place }: ScrapeMoment,
  ): Promise<void> {
    const { appender, clock, metrics } = this.#context;
    const { batch } = this.#context.scratch;
    let counts: IngestCounts | undefined;
    if (page !== undefined) {
      metrics.bytes.inc(page.bytes.length);
      batch.begin();
      this.#report.begin(batch, timestamp);
      try {
        checkTextFormat(page.contentType, this.#settings.fallbackProtocol);
        counts = this.#cache.ingest(page.bytes, {
          ...this.#settings,
          timestamp,
          minTimestamp: clock.now() - MAX_BEHIND,
          maxTimestamp: clock.now() + MAX_AHEAD,
        });
      } catch (error) {
        failure = error;
      } finally {
        page.release?.();
      }
    }
    const duration = clock.elapsed() - startElapsed;
    if (counts === undefined) {
      if (this.#settings.silentUntilUp === true && !this.#hasAnswered) {
        this.#noteSilently(failure, startedAt, duration);
        return;
      }
      batch.begin();
      this.#report.begin(batch, timestamp);
      this.#cache.endAll(timestamp);
    }
    if (counts !== undefined) this.#hasAnswered = true;
    const report: ScrapeReport = {
      up: counts !== undefined,
      duration,
      ...this.#countsOf(counts, failure),
      added: counts?.added ?? 0,
    };
    this.#report.finish(batch, report);
    if (counts === undefined) this.#tap?.failed(batch, timestamp);
    else this.#tap?.page(batch, timestamp);
    const appended = batch.length;
    const durable = appender.append(batch);
    this.#expect(this.#momentAfter(scheduled));
    // The disk must keep up with pages of many new series.
    if (counts !== undefined && counts.added >= LARGE) place?.leaveUntil(durable);
    else place?.leave();

    metrics.duration.observe(duration / 1000);
    if (failure instanceof LimitError) metrics.limits.inc({ limit: failure.limit });
    if (counts !== undefined && counts.duplicates > 0) metrics.dropped.inc({ reason: 'duplicate' }, counts.duplicates);
    if (counts !== undefined && counts.outOfBounds > 0)
      metrics.dropped.inc({ reason: 'out_of_bounds' }, counts.outOfBounds);
    const reason = textOf(failure);
    this.#noteHealth(reason);
    const health = counts === undefined ? 'down' : 'up';
    this.#status = { health, lastError: reason, lastScrape: startedAt, lastScrapeDuration: duration };

    try {
      await durable;
    } catch (error) {
      this.#cache.rollback();
      this.#tap?.refused();
      const refused = `the storage refused the scrape: ${error instanceof Error ? error.message : String(error)}`;
      if (reason === '') this.#status = { ...this.#status, lastError: refused };
      metrics.scrapes.inc({ scrape_job: this.job, result: 'refused' });
      if (!this.#context.closing.aborted) this.#noteRefused(refused);
      return;
    }
    this.#cache.commit();
    this.#tap?.stored();
    this.#lastTimestamp = timestamp;
    metrics.samples.inc(appended);
    metrics.scrapes.inc({ scrape_job: this.job, result: counts === undefined ? 'failed' : 'stored' });
    if (counts !== undefined && counts.metadata.length > 0) appender.describe(counts.metadata);
  }

  /** A failure that is not stored: the status tells of it. */
  #noteSilently(failure: unknown, startedAt: number, duration: number): void {
    const { metrics } = this.#context;
    metrics.duration.observe(duration / 1000);
    metrics.scrapes.inc({ scrape_job: this.job, result: 'unreachable' });
    this.#status = {
      health: 'unknown',
      lastError: `not reachable so far: ${textOf(failure)}`,
      lastScrape: startedAt,
      lastScrapeDuration: duration,
    };
  }

  /** A page over its sample_limit still says how many samples it has. */
  #countsOf(counts: IngestCounts | undefined, failure: unknown): { samples: number; kept: number } {
    if (counts !== undefined) return { samples: counts.samples, kept: counts.kept };
    return (failure instanceof LimitError ? failure.page : undefined) ?? { samples: 0, kept: 0 };
  }

  #adoptSettings(): void {
    const next = this.#nextSettings;
    if (next === undefined) return;
    const before = this.#settings;
    this.#nextSettings = undefined;
    this.#settings = next;
    if (next.labels !== before.labels) this.#cache.invalidate();
    if (next.scraper !== before.scraper) void this.#close(before.scraper);
  }

  /** A target that goes down is told of once. */
  #noteHealth(reason: string): void {
    const { health } = this.#status;
    const target = { job: this.job, instance: this.#labels.get('instance') };
    if (reason !== '' && health !== 'down') healthLogOf(this.#context).down(target, reason);
    if (reason === '' && health === 'down') healthLogOf(this.#context).up(target);
  }

  #noteRefused(reason: string): void {
    const { clock, logger } = this.#context;
    const now = clock.elapsed();
    const last = lastRefusalLogged.get(this.#context) ?? Number.NEGATIVE_INFINITY;
    if (now - last < 30_000) return;
    lastRefusalLogged.set(this.#context, now);
    logger.error({ job: this.job, instance: this.#labels.get('instance'), reason }, 'scrapes are not stored');
  }

  async #end(now: number, markStale: boolean): Promise<void> {
    this.#stopping.abort(new Error('the target is not scraped any more'));
    this.#wake?.();
    await this.#running;
    this.#arrival?.close();
    void this.#close(this.#settings.scraper);
    if (this.#nextSettings !== undefined && this.#nextSettings.scraper !== this.#settings.scraper) {
      void this.#close(this.#nextSettings.scraper);
    }
    if (markStale && this.#lastTimestamp > 0) await this.#appendEnd(Math.max(now, this.#lastTimestamp + 1));
    this.#cache.clear();
    this.#report.release();
    this.#tap?.closed();
  }

  async #appendEnd(timestamp: number): Promise<void> {
    const { appender, clock, closing, logger, scratch } = this.#context;
    for (let attempt = 1; attempt <= END_ATTEMPTS && !closing.aborted; attempt++) {
      scratch.batch.begin();
      this.#cache.endAll(timestamp);
      this.#report.addStale(scratch.batch, timestamp);
      this.#tap?.ended(scratch.batch, timestamp);
      try {
        await appender.append(scratch.batch);
        this.#cache.commit();
        this.#tap?.stored();
        return;
      } catch {
        this.#cache.rollback();
        this.#tap?.refused();
        await wait(clock, END_PAUSE, closing);
      }
    }
    if (!closing.aborted) logger.warn({ job: this.job }, 'the storage refused to mark the series of a target as ended');
  }

  async #close(scraper: Scraper): Promise<void> {
    try {
      await scraper.close();
    } catch (error) {
      this.#context.logger.warn({ job: this.job, err: error }, 'a scraper did not close');
    }
  }
}

function textOf(failure: unknown): string {
  return failure === undefined ? '' : failure instanceof Error ? failure.message : String(failure);
}

/** The loops of one storage tell of their targets together. */
function healthLogOf(context: LoopContext): HealthLog {
  let log = healthLogs.get(context);
  if (log === undefined) {
    log = new HealthLog(context);
    healthLogs.set(context, log);
  }
  return log;
}

const healthLogs = new WeakMap<LoopContext, HealthLog>();

/** When a refusal was logged last; the loops of one storage are refused together. */
const lastRefusalLogged = new WeakMap<LoopContext, number>();
