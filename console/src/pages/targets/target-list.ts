import { getJson } from '../../api/get-json.ts';
import { queryInstant } from '../../api/query-instant.ts';

/** A target as /api/v1/targets tells it, with what its scrapes cost. */
export interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly lastError: string;
  /** RFC 3339. */
  readonly lastScrape: string;
  /** Seconds. */
  readonly lastScrapeDuration: number;
  readonly health: 'up' | 'down' | 'unknown';
  readonly scrapeInterval: string;
  readonly scrapeTimeout: string;
  /** Of its last scrape; undefined when nothing was stored of it. */
  readonly samples: number | undefined;
  /** After what was dropped. */
  readonly kept: number | undefined;
  /** Series that began in the last hour. */
  readonly added: number | undefined;
}

/** The labels that tell targets apart; a target's series have them too. */
const KEY = ['cluster', 'job', 'instance', 'metrics_path'] as const;

const COST = {
  samples: 'scrape_samples_scraped',
  kept: 'scrape_samples_post_metric_relabeling',
  added: 'sum_over_time(scrape_series_added[1h])',
} as const;

/** Every active target. What its scrapes cost is left out when the queries for it fail. */
export async function loadTargets(signal: AbortSignal): Promise<readonly Target[]> {
  const [{ activeTargets }, ...costs] = await Promise.all([
    getJson<{ readonly activeTargets: readonly Target[] }>('/api/v1/targets?state=active', { signal }),
    ...Object.values(COST).map((query) => queryInstant(query, { signal }).catch(() => [])),
  ]);
  const byTarget = costs.map((samples) => new Map(samples.map(({ labels, value }) => [keyOf(labels), value])));
  return activeTargets.map((target) => {
    const [samples, kept, added] = byTarget.map((values) => values.get(keyOf(target.labels)));
    return { ...target, samples, kept, added };
  });
}

/** What tells a target from others. */
export function keyOf(labels: Readonly<Record<string, string>>): string {
  return KEY.map((name) => labels[name] ?? '').join('\0');
}
