import type { Labels } from '../../storage/labels.ts';
import type { Metadata } from '../../storage/series.ts';

export type TargetHealth = 'up' | 'down' | 'unknown';

/** What /api/v1/targets says of a target. Times are milliseconds, of which the last scrape's are 0 before the first. */
export interface TargetStatus {
  readonly scrapePool: string;
  readonly labels: Labels;
  readonly discoveredLabels: Labels;
  /** Without secrets. '' for what is scraped inside this process. */
  readonly scrapeUrl: string;
  readonly globalUrl: string;
  readonly scrapeInterval: number;
  readonly scrapeTimeout: number;
  readonly health: TargetHealth;
  /** Why the last scrape failed or was not stored; '' otherwise. */
  readonly lastError: string;
  /** When the last scrape began. */
  readonly lastScrape: number;
  readonly lastScrapeDuration: number;
  /** What the last page says of its metrics; computed when it is called. */
  metadata(): readonly Metadata[];
}

/** A target that relabelling dropped. */
export interface DroppedTarget {
  readonly scrapePool: string;
  readonly discoveredLabels: Labels;
}
