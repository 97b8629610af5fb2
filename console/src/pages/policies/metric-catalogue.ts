import { getJson } from '../../api/get-json.ts';
import { type Loaded, useData } from '../../api/use-data.ts';
import { LEVELS, type Level } from './policy-draft.ts';

/** A metric that policies of a level can be about. */
export interface CatalogueMetric {
  readonly name: string;
  readonly level: Level;
  /** As in docs/k8s-metrics.md; '' for a plain number. */
  readonly unit: string;
  readonly help: string;
}

type Metadata = Readonly<Record<string, readonly { readonly unit: string; readonly help: string }[]>>;

/** The metrics of the catalogue, by name. */
export function useCatalogue(): Loaded<readonly CatalogueMetric[]> {
  return useData('catalogue', async (signal) =>
    catalogueOf(await getJson<Metadata>('/api/v1/metadata?limit_per_metric=1', { signal })),
  );
}

/** The catalogue's part of the metadata. */
export function catalogueOf(metadata: Metadata): readonly CatalogueMetric[] {
  return Object.entries(metadata)
    .flatMap(([name, [first]]): CatalogueMetric[] => {
      const level = LEVELS.find((one) => name.startsWith(`k8s_${one}_`));
      if (level === undefined || first === undefined) return [];
      return [{ name, level, unit: metricUnit(name, first.unit), help: first.help }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Metadata has Prometheus' base units alone; the names of the catalogue say the others. */
export function metricUnit(name: string, unit = ''): string {
  if (/_rate_/.test(name) || /^k8s_node_(cpu|mem)_usage$/.test(name)) return '%';
  if (/_fs_(read|write)_bytes$|_bytes_bw$|_(in|out)traffic$/.test(name)) return 'bytes/s';
  if (/_packets$/.test(name)) return 'packets/s';
  if (/_fs_(read|write)_times$/.test(name)) return 'operations/s';
  if (/_bytes$|_bytes_total$|_memory_total$/.test(name)) return 'bytes';
  if (/_cpu_core_(used|total|request_total)$/.test(name)) return 'cores';
  return unit;
}
