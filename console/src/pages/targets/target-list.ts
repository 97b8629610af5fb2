import { getJson } from '../../api/get-json.ts';
import type { ListAnswer } from '../../lists/list-query.ts';

/** A target with what its scrapes cost, as /api/v1/inventory/targets tells it. */
export interface Target {
  readonly labels: Readonly<Record<string, string>>;
  /** Its label, else the URL. */
  readonly instance: string;
  /** Its label, else the scrape pool. */
  readonly job: string;
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly lastError: string;
  /** Unix milliseconds; undefined before the first. */
  readonly lastScraped: number | undefined;
  /** Seconds. */
  readonly lastScrapeDuration: number;
  readonly status: 'up' | 'down' | 'unknown';
  readonly scrapeInterval: string;
  readonly scrapeTimeout: string;
  /** Of its last scrape; undefined when nothing was stored of it. */
  readonly samples: number | undefined;
  /** After what was dropped. */
  readonly kept: number | undefined;
  /** Series that began in the last hour. */
  readonly added: number | undefined;
}

/** A page of the targets, with how many there are of each health and each job. */
export interface TargetPage extends ListAnswer<Target> {
  readonly statuses: Readonly<Record<string, number>>;
  readonly counts: { readonly job: Readonly<Record<string, number>> };
}

/** A page of the active targets. */
export function loadTargets(query: URLSearchParams, signal: AbortSignal): Promise<TargetPage> {
  return getJson(`/api/v1/inventory/targets?${query}&count=job`, { signal });
}
