import type { Exposition } from './exposition.ts';
import type { HostFiles } from './host-files.ts';

/**
 * One group of the machine's metrics. `collect` writes them and resolves; when it throws, what it wrote until then is
 * kept and the collector counts as failed for this scrape: a missing file says that the machine does not have the
 * thing. It must not write after it settled, and need not be re-entrant: it is not called again before it settled.
 */
export interface HostCollector {
  /** The value of the `collector` label of node_scrape_collector_success. */
  readonly name: string;
  collect(files: HostFiles, out: Exposition): void | Promise<void>;
}

/** The lines of a file of /proc without the empty ones. */
export function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** The white-space separated fields of a line. */
export function fields(line: string): string[] {
  const trimmed = line.trim();
  return trimmed === '' ? [] : trimmed.split(/\s+/);
}

/** A field that must be a number; the error names the file. */
export function numeric(field: string | undefined, source: string): number {
  const value = field === undefined || field === '' ? Number.NaN : Number(field);
  if (Number.isNaN(value)) throw new Error(`a number was expected in ${source}, got ${JSON.stringify(field ?? '')}`);
  return value;
}
