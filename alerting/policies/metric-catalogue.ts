import { nearest } from '../nearest.ts';
import type { ObjectLevel } from './policy.ts';

/** What the catalogue says of one level. */
export interface CatalogueLevel {
  readonly level: ObjectLevel;
  /** Labels that its series have, `cluster` included. */
  readonly labels: readonly string[];
  /** Whole names, with their units. */
  readonly units: ReadonlyMap<string, string>;
}

/** The metrics that policies can be about, by level. */
export class MetricCatalogue {
  readonly #levels: ReadonlyMap<ObjectLevel, CatalogueLevel>;

  constructor(levels: readonly CatalogueLevel[]) {
    this.#levels = new Map(levels.map((level) => [level.level, level]));
  }

  labels(level: ObjectLevel): readonly string[] {
    return this.#levels.get(level)?.labels ?? ['cluster'];
  }

  has(level: ObjectLevel, metric: string): boolean {
    return this.#levels.get(level)?.units.has(metric) ?? false;
  }

  /** '' for what is not in the catalogue. */
  unit(metric: string): string {
    for (const { units } of this.#levels.values()) {
      const unit = units.get(metric);
      if (unit !== undefined) return unit;
    }
    return '';
  }

  /** The level that a metric belongs to; undefined for what is not in the catalogue. */
  levelOf(metric: string): ObjectLevel | undefined {
    for (const { level, units } of this.#levels.values()) if (units.has(metric)) return level;
    return undefined;
  }

  /** Which metric of a level somebody may have meant. */
  nearest(level: ObjectLevel, metric: string): string | undefined {
    const names = [...(this.#levels.get(level)?.units.keys() ?? [])];
    const other = this.levelOf(metric);
    const same = other === undefined ? undefined : `k8s_${level}_${metric.slice(`k8s_${other}_`.length)}`;
    return names.find((name) => name === same) ?? nearest(metric, names);
  }
}
