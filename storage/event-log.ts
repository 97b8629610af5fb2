/**
 * What a component of a Kubernetes cluster said about an object, as often as `count` says. The same thing said again raises the
 * count of the same event: cluster, uid and count together are the identity of an entry.
 */
export interface KubernetesEvent {
  /** When it was said last. Milliseconds, as every time here. */
  readonly timestamp: number;
  /** When it was said first. */
  readonly firstTimestamp: number;
  /** The value of the label `cluster`; '' when there is none. */
  readonly cluster: string;
  /** Of the object it is about; '' for what is in no namespace. */
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly objectUid: string;
  readonly reason: string;
  /** Normal or Warning. */
  readonly type: string;
  readonly message: string;
  /** Who said it, and where that runs. */
  readonly component: string;
  readonly host: string;
  readonly count: number;
  /** Of the event itself. */
  readonly uid: string;
}

/** What must hold of an event; of several values one, and no value is no condition. */
export interface EventFilter {
  readonly cluster?: readonly string[];
  readonly namespace?: readonly string[];
  readonly kind?: readonly string[];
  readonly name?: readonly string[];
  readonly reason?: readonly string[];
  readonly type?: readonly string[];
  /** start <= timestamp <= end. */
  readonly start: number;
  readonly end: number;
  /** At most so many, the newest. */
  readonly limit: number;
}

/** How far the events of a cluster are in the log. */
export interface RecordedEvents {
  /** The highest count of each event, by uid. */
  readonly counts: ReadonlyMap<string, number>;
  /** Of the newest entry; 0 when there is none. */
  readonly newest: number;
}

/** The events of Kubernetes clusters. Every method rejects with a StorageError, `canceled` when the signal fires. */
export interface EventLog {
  /** Adds entries, all or none; resolves when they are durable. An entry that is there already changes nothing. */
  append(events: readonly KubernetesEvent[]): Promise<void>;
  /** The newest first; of the same time those with the higher count first. What was just appended may be missing. */
  find(filter: EventFilter, signal: AbortSignal): Promise<readonly KubernetesEvent[]>;
  /** Of the entries not older than `since`. Sees every appended entry. */
  recorded(cluster: string, since: number, signal: AbortSignal): Promise<RecordedEvents>;
}

/** What a filter can ask for. */
export const EVENT_FILTER_FIELDS = ['cluster', 'namespace', 'kind', 'name', 'reason', 'type'] as const;
