import { TEXT_ACCEPT } from '../exposition/content-type.ts';
import { createHttpTransport, type HttpTransport } from '../http-transport.ts';
import { compileMetricDrops, compileRelabel, type DropsMetric, type Relabel } from '../relabel.ts';
import { sameConfig } from '../same-config.ts';
import type { Shard } from '../shard.ts';
import type { BodyBuffers } from './body-buffers.ts';
import { createHttpScraper } from './http-scraper.ts';
import { LimitError } from './limit-error.ts';
import { compileSampleLabels, type SampleLabels } from './sample-labels.ts';
import type { TapFor } from './sample-tap.ts';
import type { ScrapeConfig, TargetGroup } from './scrape-config.ts';
import { type LoopContext, type LoopSettings, ScrapeLoop } from './scrape-loop.ts';
import { displayLabels, displayUrl, globalUrl, type Target } from './target.ts';
import { TargetSet } from './target-set.ts';
import type { DroppedTarget, TargetStatus } from './target-status.ts';

/** What the pools of an Appender share. */
export interface PoolContext extends LoopContext {
  readonly buffers: BodyBuffers;
  /** This program's version, which targets are told. */
  readonly version: string;
  /** Who listens to a target's samples. */
  readonly tapFor?: TapFor | undefined;
  /** Undefined means that every target is scraped. */
  readonly shard: Shard | undefined;
}

/** A target and what scrapes it. */
interface Scraped {
  target: Target;
  readonly loop: ScrapeLoop;
}

/** Connections to one host and port at a time: a prober stands for many targets. */
const CONNECTIONS = 512;

/** Failures of targets that one line of the log names. */
const MAX_SHOWN_FAILURES = 5;

/**
 * The targets of one job: a loop for each, begun and ended as discovery and the configuration say. A target that stays,
 * by its labels and URL, keeps its loop, its series and its moment.
 */
export class ScrapePool {
  readonly #context: PoolContext;
  readonly #scraped = new Map<string, Scraped>();
  /** Loops that have been stopped and are not at their end. */
  readonly #ending = new Set<Promise<void>>();
  readonly #targets: TargetSet;
  #config: ScrapeConfig;
  #metricRelabel: Relabel;
  #dropsMetric: DropsMetric | undefined;
  #transport: HttpTransport;
  #groups: readonly TargetGroup[] = [];
  #failures = '';
  #forcedError: LimitError | undefined;
  #isStopped = false;

  /** Throws a SyntaxError that names a regular expression that is none. */
  constructor(config: ScrapeConfig, context: PoolContext) {
    this.#context = context;
    this.#config = config;
    const relabel = compileRelabel(config.relabelConfigs);
    this.#targets = new TargetSet({ config, relabel, shard: context.shard });
    this.#metricRelabel = compileRelabel(config.metricRelabelConfigs);
    this.#dropsMetric = compileMetricDrops(config.metricRelabelConfigs);
    this.#transport = createTransport(config);
    this.#warnOfProtocols();
  }

  get config(): ScrapeConfig {
    return this.#config;
  }

  /** What the loops' caches hold. */
  *cacheSizes(): Generator<{ readonly rows: number; readonly bytes: number }> {
    for (const { loop } of this.#scraped.values()) yield loop.cacheSize;
  }

  /**
   * Makes these the job's groups: new targets begin, missing ones end with stale markers, the others go on. A group that is
   * the same object as before costs next to nothing.
   */
  sync(groups: readonly TargetGroup[]): void {
    if (this.#isStopped) return;
    this.#groups = groups;
    const { removed, changed, added } = this.#targets.update(groups);
    this.#warnOfFailures();
    const forcedError = this.#exceededLimit();
    const isForcedAnew = forcedError?.message !== this.#forcedError?.message;
    this.#forcedError = forcedError;
    // Those that end come first: their stale markers must not be later than the first samples of their successors.
    for (const key of removed) {
      const { loop } = this.#scraped.get(key)!;
      this.#scraped.delete(key);
      this.#finish(loop.stop({ markStale: true }));
    }
    for (const target of changed) {
      const known = this.#scraped.get(target.key)!;
      known.target = target;
      const { settings } = known.loop;
      if (settings.scrapeInterval === target.scrapeInterval && settings.scrapeTimeout === target.scrapeTimeout)
        continue;
      known.loop.reconfigure(this.#settingsOf(target, settings.labels));
    }
    if (isForcedAnew) {
      for (const { target, loop } of this.#scraped.values()) {
        loop.reconfigure(this.#settingsOf(target, loop.settings.labels));
      }
    }
    for (const target of added) {
      const settings = this.#settingsOf(target, this.#labelsOf(target));
      const { jobName: job } = this.#config;
      const { labels, key } = target;
      const tap = this.#context.tapFor?.({
        job,
        labels,
        discoveredLabels: target.discoveredLabels,
        scrapeInterval: target.scrapeInterval,
      });
      const loop = new ScrapeLoop({ context: this.#context, job, labels, key, settings, tap });
      this.#scraped.set(target.key, { target, loop });
    }
    this.#context.metrics.targets.set({ scrape_job: this.#config.jobName }, this.#scraped.size);
  }

  /**
   * Goes on with another configuration of the same job. Targets that stay by their labels and URL go on with their
   * series. Throws as the constructor does; then nothing has changed.
   */
  reload(config: ScrapeConfig): void {
    const before = this.#config;
    const relabel = compileRelabel(config.relabelConfigs);
    const metricRelabel = compileRelabel(config.metricRelabelConfigs);
    const transport = sameConfig(before.client, config.client) && timeoutOf(before) === timeoutOf(config);
    this.#config = config;
    this.#targets.reconfigure({ config, relabel, shard: this.#context.shard });
    this.#metricRelabel = metricRelabel;
    this.#dropsMetric = compileMetricDrops(config.metricRelabelConfigs);
    this.#warnOfProtocols();
    if (!transport) this.#retire(this.#transport);
    if (!transport) this.#transport = createTransport(config);
    // The same function as before says that the series' labels are those of before.
    const isSame = LABEL_KEYS.every((key) => sameConfig(before[key], config[key]));
    for (const { target, loop } of this.#scraped.values()) {
      loop.reconfigure(this.#settingsOf(target, isSame ? loop.settings.labels : this.#labelsOf(target)));
    }
    this.sync(this.#groups);
  }

  /** Ends all loops. With `markStale` the job is gone; without, the process ends. */
  async stop({ markStale }: { readonly markStale: boolean }): Promise<void> {
    this.#isStopped = true;
    for (const { loop } of this.#scraped.values()) this.#finish(loop.stop({ markStale }));
    this.#scraped.clear();
    this.#context.metrics.targets.remove({ scrape_job: this.#config.jobName });
    // The scrapes were cut already; what remains are appends.
    await this.#transport.close();
    await Promise.all(this.#ending);
  }

  status(): readonly TargetStatus[] {
    return Array.from(this.#scraped.values(), ({ target, loop }) => ({
      scrapePool: this.#config.jobName,
      labels: target.labels,
      discoveredLabels: displayLabels(target.discoveredLabels),
      scrapeUrl: displayUrl(target.url),
      globalUrl: globalUrl(target.url),
      scrapeInterval: target.scrapeInterval,
      scrapeTimeout: target.scrapeTimeout,
      ...loop.status,
      metadata: () => loop.metadata(),
    }));
  }

  /** The dropped targets that are kept for show. */
  dropped(): readonly DroppedTarget[] {
    const { jobName: scrapePool, keepDroppedTargets } = this.#config;
    const shown: DroppedTarget[] = [];
    for (const labels of this.#targets.dropped()) {
      if (keepDroppedTargets > 0 && shown.length === keepDroppedTargets) break;
      shown.push({ scrapePool, discoveredLabels: displayLabels(labels) });
    }
    return shown;
  }

  /** How many were dropped. */
  get droppedCount(): number {
    return this.#targets.droppedCount;
  }

  #settingsOf(target: Target, labels: SampleLabels): LoopSettings {
    const config = this.#config;
    const { buffers, version } = this.#context;
    const { scrapeInterval, scrapeTimeout } = target;
    const scraper = createHttpScraper({
      url: target.url,
      transport: this.#transport,
      buffers,
      timeout: scrapeTimeout,
      bodySizeLimit: config.bodySizeLimit,
      enableCompression: config.enableCompression,
      version,
    });
    return {
      scraper,
      scrapeInterval,
      scrapeTimeout,
      honorTimestamps: config.honorTimestamps,
      trackTimestampsStaleness: config.trackTimestampsStaleness,
      sampleLimit: config.sampleLimit,
      fallbackProtocol: config.scrapeFallbackProtocol,
      labels,
      forcedError: this.#forcedError,
      silentUntilUp: config.silentUntilUp ?? false,
    };
  }

  #exceededLimit(): LimitError | undefined {
    const { targetLimit } = this.#config;
    const { size } = this.#targets;
    if (targetLimit === 0 || size <= targetLimit) return undefined;
    return new LimitError('target_limit', `target_limit exceeded (number of targets: ${size}, limit: ${targetLimit})`);
  }

  #warnOfFailures(): void {
    const count = this.#targets.failureCount;
    const shown: string[] = [];
    for (const failure of this.#targets.failures()) if (shown.push(failure) === MAX_SHOWN_FAILURES) break;
    const failures = `${count}: ${shown.join('; ')}`;
    if (failures !== this.#failures && count > 0) {
      this.#context.logger.warn({ job: this.#config.jobName, count, failures: shown }, 'targets cannot be scraped');
    }
    this.#failures = failures;
  }

  #labelsOf(target: Target): SampleLabels {
    return compileSampleLabels({
      ...this.#config,
      target: target.labels,
      relabel: this.#metricRelabel,
      dropsMetric: this.#dropsMetric,
    });
  }

  #finish(end: Promise<void>): void {
    this.#ending.add(end);
    const forget = (): void => void this.#ending.delete(end);
    end.then(forget, forget);
  }

  /** Closes connections when the scrapes that use them have ended, at the latest by their timeout. */
  #retire(transport: HttpTransport): void {
    const { clock, closing } = this.#context;
    const close = (): void => {
      cancel();
      closing.removeEventListener('abort', close);
      void transport.close();
    };
    const cancel = clock.schedule(timeoutOf(this.#config) + 1_000, close);
    closing.addEventListener('abort', close, { once: true });
  }

  #warnOfProtocols(): void {
    const { scrapeProtocols, jobName } = this.#config;
    if (scrapeProtocols === undefined || scrapeProtocols.some((name) => name.startsWith('PrometheusText'))) return;
    const message = `none of the job's scrape_protocols is supported; its targets are asked for ${TEXT_ACCEPT}`;
    this.#context.logger.warn({ job: jobName, scrapeProtocols }, message);
  }
}

/** What decides the labels that a page's series get. */
const LABEL_KEYS = [
  'honorLabels',
  'metricRelabelConfigs',
  'labelLimit',
  'labelNameLengthLimit',
  'labelValueLengthLimit',
] as const;

function createTransport(config: ScrapeConfig): HttpTransport {
  return createHttpTransport(config.client, {
    connections: CONNECTIONS,
    timeout: timeoutOf(config),
    keepAlive: Math.max(75_000, config.scrapeInterval * 2),
  });
}

/** The scrape's own timeout is the one that counts; a target's labels may set a longer one than the job's. */
function timeoutOf(config: ScrapeConfig): number {
  return Math.max(60_000, config.scrapeInterval);
}
