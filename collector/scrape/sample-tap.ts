import type { Labels } from '../../storage/labels.ts';
import type { SeriesRef } from '../../storage/series.ts';
import type { ScrapeBatch } from './scrape-batch.ts';

/**
 * Listens to what the scrapes of one target yield, and may add samples of its own to them. All calls are made by the
 * target's loop, one after the other, and must not throw: what a tap has to compute, it computes at once.
 *
 * A scrape is told as `page` or `failed`, the end of a target that is gone as `ended` (again after each refusal), and then,
 * when the storage has answered, as `stored` or `refused`. While it answers, taps of other targets are called.
 */
export interface SampleTap {
  /** The target's pages have a series now. Once for each holder: a series on two lines has two. */
  acquired(ref: SeriesRef, labels: Labels): void;
  /** A holder of a series is gone; nothing of it comes after the last one's. */
  released(ref: SeriesRef): void;
  /**
   * The batch has a page's samples, and stale markers of series that the page has lost. What the tap adds is stored
   * together with them or not at all. The batch must not be kept.
   */
  page(batch: ScrapeBatch, timestamp: number): void;
  /** There was no page; the batch has the report on that and stale markers. */
  failed(batch: ScrapeBatch, timestamp: number): void;
  /** The target is gone. */
  ended(batch: ScrapeBatch, timestamp: number): void;
  stored(): void;
  refused(): void;
  /** The last call. All series have been released; without `ended` before it, the process stops and they may go on. */
  closed(): void;
}

/** A target that may be tapped. */
export interface TappedTarget {
  readonly job: string;
  /** The labels that its samples get. */
  readonly labels: Labels;
  /** The labels before relabelling. */
  readonly discoveredLabels: Labels;
  readonly scrapeInterval: number;
}

/** The tap of a target, asked for once when it begins to be scraped. A target without one costs nothing. */
export type TapFor = (target: TappedTarget) => SampleTap | undefined;
