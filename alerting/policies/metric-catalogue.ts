import { nearest } from '../nearest.ts';
import type { ObjectLevel } from './policy.ts';

/** What the catalogue says of one level. */
export interface CatalogueLevel {
  readonly level: ObjectLevel;
  /** By the whole name. */
  readonly metrics: ReadonlyMap<string, CatalogueMetric>;
}

export interface CatalogueMetric {
  /** '%', 'bytes', ...; '1' for plain numbers. */
  readonly unit: string;
  /** What it is, in a few words. */
  readonly help: string;
}

/** The metrics that policies can be about, by level. */
export class MetricCatalogue {
  readonly #levels: ReadonlyMap<ObjectLevel, CatalogueLevel>;

  constructor(levels: readonly CatalogueLevel[]) {
    this.#levels = new Map(levels.map((level) => [level.level, level]));
  }

  has(level: ObjectLevel, metric: string): boolean {
    return this.#levels.get(level)?.metrics.has(metric) ?? false;
  }

  /** Undefined for what is not in the catalogue. */
  info(metric: string): CatalogueMetric | undefined {
    const level = this.levelOf(metric);
    return level === undefined ? undefined : this.#levels.get(level)!.metrics.get(metric);
  }

  /** The level that a metric belongs to; undefined for what is not in the catalogue. */
  levelOf(metric: string): ObjectLevel | undefined {
    for (const { level, metrics } of this.#levels.values()) if (metrics.has(metric)) return level;
    return undefined;
  }

  /** Which metric of a level somebody may have meant. */
  nearest(level: ObjectLevel, metric: string): string | undefined {
    const names = [...(this.#levels.get(level)?.metrics.keys() ?? [])];
    const other = this.levelOf(metric);
    const same = other === undefined ? undefined : `k8s_${level}_${metric.slice(`k8s_${other}_`.length)}`;
    return names.find((name) => name === same) ?? nearest(metric, names);
  }
}
