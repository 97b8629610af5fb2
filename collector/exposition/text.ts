import type { Metadata } from '../../storage/series.ts';
import { canonicalFloat } from './go-float.ts';
import { MetadataBuilder, parseMetaLine } from './meta-line.ts';
import { parseSeries } from './series-text.ts';
import { END, META, TextReader } from './text-reader.ts';

/** One sample of a page. Its labels have the metric name under `__name__` and may have empty values. */
export interface ParsedSample {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  /** Undefined when the page gives none. */
  readonly timestamp: number | undefined;
}

/**
 * All samples and metadata of a page in the text format, as objects: for pages that are read once. (A scrape loop reads
 * through a SeriesCache instead, which gives the same without making them.) Throws an ExpositionError; then the page
 * counts for nothing.
 */
export function parseText(page: Uint8Array): { readonly samples: ParsedSample[]; readonly metadata: Metadata[] } {
  const reader = new TextReader();
  const samples: ParsedSample[] = [];
  const metadata = new MetadataBuilder();
  let type: string | undefined;
  reader.start(page);
  for (let entry = reader.next(); entry !== END; entry = reader.next()) {
    const start = reader.pos;
    if (entry === META) {
      const line = parseMetaLine(reader, start, reader.lineEnd(start));
      metadata.add(line);
      type = line.type ?? type;
      reader.pos = reader.lineEnd(start);
      continue;
    }
    const labels = parseSeries(reader, start, reader.scanSeries());
    // Prometheus 3 stores bounds and quantiles in one spelling.
    const float = type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : '';
    if (labels.has(float)) labels.set(float, canonicalFloat(labels.get(float)!));
    reader.readSample();
    samples.push({ labels, value: reader.value, timestamp: reader.hasTimestamp ? reader.timestamp : undefined });
  }
  return { samples, metadata: metadata.finish() };
}
