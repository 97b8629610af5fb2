/** What a server says of its own rules. */
export interface OwnMetrics {
  /** The last evaluations of all groups, in seconds. */
  readonly groupSeconds: number;
  /** Evaluations of rules that failed so far. */
  readonly failures: number;
  /** Questions of rules that were answered by the store, and reads that filled the memory, so far; undefined where nothing says it. */
  readonly storeReads: number | undefined;
}

/** Reads the /metrics of Pharos or Prometheus. */
export async function ownMetrics(url: string): Promise<OwnMetrics> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(30_000) });
  const text = await response.text();
  const sum = (pattern: RegExp): number | undefined => {
    const found = [...text.matchAll(pattern)].map((match) => Number(match[1]));
    return found.length === 0 ? undefined : found.reduce((a, b) => a + b, 0);
  };
  const selects = sum(/^pharos_recent_selects_total\{from="(?:store|both)"\} (\S+)/gm);
  const reads = sum(/^pharos_recent_store_reads_total (\S+)/gm);
  return {
    groupSeconds: sum(/^(?:pharos|prometheus)_rule_group_last_duration_seconds\{.*\} (\S+)/gm) ?? 0,
    failures: sum(/^(?:pharos|prometheus)_rule_evaluation_failures_total\{.*\} (\S+)/gm) ?? 0,
    storeReads: reads === undefined ? undefined : reads + (selects ?? 0),
  };
}
