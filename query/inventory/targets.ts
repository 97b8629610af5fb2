import type { Labels } from '../../storage/labels.ts';
import { type Part, type Reading, read } from './reading.ts';

/** A target that is scraped, as /api/v1/targets has it. */
export interface ScrapedTarget {
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  /** '' when the last scrape went well. */
  readonly lastError: string;
  /** RFC 3339. */
  readonly lastScrape: string;
  /** Seconds. */
  readonly lastScrapeDuration: number;
  readonly health: 'up' | 'down' | 'unknown';
  /** Durations such as 15s. */
  readonly scrapeInterval: string;
  readonly scrapeTimeout: string;
}

/** A target of the list. What is not known is undefined. */
export interface TargetRow extends Omit<ScrapedTarget, 'health'> {
  /** Undefined without such a label. */
  readonly cluster: string | undefined;
  /** Its label, else its pool. */
  readonly job: string;
  /** Its label, else the URL. */
  readonly instance: string;
  /** Its health: up, down or unknown. */
  readonly status: string;
  readonly abnormal: boolean;
  /** Milliseconds since 1970. */
  readonly lastScraped: number | undefined;
  /** On its page at the last scrape. */
  readonly samples: number | undefined;
  /** After what was dropped. */
  readonly kept: number | undefined;
  /** Series that its scrapes began in the last hour. */
  readonly added: number | undefined;
}

/** The labels that tell targets apart; a target's series have them too. */
const KEY = ['cluster', 'job', 'instance', 'metrics_path'];

const COST = {
  samples: 'scrape_samples_scraped',
  kept: 'scrape_samples_post_metric_relabeling',
  added: 'sum_over_time(scrape_series_added[1h])',
} as const;
type Cost = { -readonly [K in keyof typeof COST]: number | undefined };

/** What the scrapes of targets cost, by their labels. */
export async function readScrapeCosts(reading: Reading): Promise<ReadonlyMap<string, Readonly<Cost>>> {
  const costs = new Map<string, Cost>();
  const part = (column: keyof Cost): Part => ({
    expr: COST[column],
    take: (labels: Labels, value) => {
      const key = KEY.map((name) => labels.get(name)).join('\0');
      let cost = costs.get(key);
      if (cost === undefined) costs.set(key, (cost = { samples: undefined, kept: undefined, added: undefined }));
      cost[column] = value;
    },
  });
  await read(reading, [part('samples'), part('kept'), part('added')]);
  return costs;
}

/** The targets with what their scrapes cost, by pool, instance and URL. */
export function targetRows(
  targets: readonly ScrapedTarget[],
  costs: ReadonlyMap<string, Readonly<Cost>>,
): readonly TargetRow[] {
  const rows = targets.map(({ labels, health, ...target }): TargetRow => {
    const cost = costs.get(KEY.map((name) => labels[name] ?? '').join('\0'));
    const time = Date.parse(target.lastScrape);
    return {
      labels,
      scrapePool: target.scrapePool,
      scrapeUrl: target.scrapeUrl,
      lastError: target.lastError,
      lastScrape: target.lastScrape,
      lastScrapeDuration: target.lastScrapeDuration,
      scrapeInterval: target.scrapeInterval,
      scrapeTimeout: target.scrapeTimeout,
      cluster: labels.cluster,
      job: labels.job || target.scrapePool,
      instance: labels.instance || target.scrapeUrl,
      status: health,
      abnormal: health === 'down',
      lastScraped: time > 0 ? time : undefined,
      samples: cost?.samples,
      kept: cost?.kept,
      added: cost?.added,
    };
  });
  const place = ({ scrapePool, instance, scrapeUrl }: TargetRow) => [scrapePool, instance, scrapeUrl].join('\0');
  return rows.sort((a, b) => (place(a) < place(b) ? -1 : 1));
}
