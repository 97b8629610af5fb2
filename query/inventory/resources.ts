/** The lists that there are. */
export const RESOURCES = [
  'clusters',
  'nodes',
  'namespaces',
  'workloads',
  'pods',
  'containers',
  'targets',
  'alerts',
  'silences',
  'metrics',
  'labels',
] as const;

/** Lists of which it is not stored what was on them. */
export const PRESENT_ONLY: ReadonlySet<string> = new Set(['targets', 'alerts', 'silences', 'metrics', 'labels']);

export type Resource = (typeof RESOURCES)[number];
