import { useTimeRange } from '../app/time-range.ts';

/** What the inventory calls the cluster that has no name. */
const UNNAMED = '-';

/** The part of a request to the inventory that says which cluster an object is in, '' being the one without a name. */
export function clusterScope(cluster: string): Readonly<Record<string, string>> {
  return { cluster: cluster === '' ? UNNAMED : cluster };
}

/** The part of it that says as of when: the end of the shared time range, unless that is now. */
export function useTimeScope(): Readonly<Record<string, string>> {
  const [{ isLive, end }] = useTimeRange();
  return isLive ? {} : { time: String(end) };
}
