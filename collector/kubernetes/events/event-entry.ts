import type { KubernetesEvent } from '../../../storage/event-log.ts';
import type { CoreEvent } from '../objects.ts';

/** Characters of a message that are kept; the API allows 1,024 in its newer version and does not say in its older one. */
const MAX_MESSAGE = 2_048;

/** The entry of an event as it is now. Both ways to say that it was said again are understood. */
export function entryOf(
  event: CoreEvent,
  { cluster, now }: { readonly cluster: string; readonly now: number },
): KubernetesEvent {
  const { involvedObject: about, source, series, metadata } = event;
  const timestamp =
    timeOf(series?.lastObservedTime) ??
    timeOf(event.lastTimestamp) ??
    timeOf(event.eventTime) ??
    timeOf(metadata.creationTimestamp) ??
    now;
  const first =
    timeOf(event.firstTimestamp) ?? timeOf(event.eventTime) ?? timeOf(metadata.creationTimestamp) ?? timestamp;
  return {
    timestamp,
    firstTimestamp: Math.min(first, timestamp),
    cluster,
    namespace: about.namespace ?? '',
    kind: about.kind ?? '',
    name: about.name ?? '',
    objectUid: about.uid ?? '',
    reason: event.reason ?? '',
    type: event.type ?? '',
    message: (event.message ?? '').slice(0, MAX_MESSAGE),
    component: source?.component || event.reportingComponent || '',
    host: source?.host || event.reportingInstance || '',
    count: countOf(event),
    uid: metadata.uid,
  };
}

/** How often it was said. */
export function countOf({ series, count }: CoreEvent): number {
  const said = series?.count ?? count ?? 1;
  return Number.isSafeInteger(said) && said > 0 ? said : 1;
}

/** Milliseconds; undefined for what is missing, is no time or lies before 1970. */
function timeOf(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return time >= 0 ? time : undefined;
}
