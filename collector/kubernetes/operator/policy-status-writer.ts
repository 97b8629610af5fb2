import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Clock } from '../../../clock/clock.ts';
import { type KubeClient, KubeError } from '../kube-client.ts';
import { RESOURCES, resourcePath } from '../resources.ts';
import type { PolicyObject } from './policy-objects.ts';

/** What has become of an object. */
export interface PolicyObjectStatus {
  readonly object: PolicyObject;
  readonly isAccepted: boolean;
  /** Why it is not accepted, or what else there is to say. */
  readonly message: string;
  /** How many of its alerts fire; undefined when that is not known, or it has none. */
  readonly firing?: number | undefined;
}

export interface PolicyStatusWriterOptions {
  readonly client: Pick<KubeClient, 'send'>;
  readonly cluster: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds between two writes to one object. Default 10,000. */
  readonly interval?: number;
}

interface Entry {
  object: PolicyObject;
  /** The status that it has, as far as is known; undefined when it has none. */
  present: WrittenStatus | undefined;
  wanted: PolicyObjectStatus | undefined;
  /** By the steady clock; not before then. */
  dueAt: number;
  failures: number;
}

interface WrittenStatus {
  readonly observedGeneration?: number;
  readonly firing?: number | null;
  readonly conditions?: readonly WrittenCondition[];
}

interface WrittenCondition {
  readonly type: 'Accepted';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

const PLURALS = {
  AlertPolicy: 'alertpolicies',
  ClusterAlertPolicy: 'clusteralertpolicies',
  AutoscalingMetric: 'autoscalingmetrics',
  ClusterAutoscalingMetric: 'clusterautoscalingmetrics',
} as const;

/** A status in etcd is no place for a book. */
const MAX_MESSAGE = 2_000;
const MAX_PAUSE = 300_000;

/**
 * Writes to the status of Pharos' own resources what has become of them: one request at a time, to one object not more often than every
 * interval, and nothing where it says so already. What cannot be written is tried again, later each time.
 */
export class PolicyStatusWriter {
  readonly #options: PolicyStatusWriterOptions;
  readonly #interval: number;
  readonly #entries = new Map<string, Entry>();
  /** Keys of objects whose status is to be written. */
  readonly #dirty = new Set<string>();
  readonly #closing = new AbortController();
  #isWriting = false;
  #writing: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;
  #told = '';

  constructor(options: PolicyStatusWriterOptions) {
    this.#options = options;
    this.#interval = options.interval ?? 10_000;
  }

  /** What an object's status is; of an object that is not known yet, or was written anew. */
  see(object: PolicyObject, status: unknown): void {
    const key = keyOf(object);
    const entry = this.#entries.get(key);
    const present = (status ?? undefined) as WrittenStatus | undefined;
    if (entry === undefined) {
      this.#entries.set(key, { object, present, wanted: undefined, dueAt: 0, failures: 0 });
      return;
    }
    // Another generation is told of at once.
    if (entry.object !== object) Object.assign(entry, { object, dueAt: 0, failures: 0 });
    entry.present = present;
    this.#look(key);
  }

  /** What has become of all objects; others are forgotten. */
  set(statuses: readonly PolicyObjectStatus[]): void {
    const keys = new Set(statuses.map(({ object }) => keyOf(object)));
    for (const key of this.#entries.keys()) {
      if (keys.has(key)) continue;
      this.#entries.delete(key);
      this.#dirty.delete(key);
    }
    for (const status of statuses) {
      const key = keyOf(status.object);
      const entry = this.#entries.get(key);
      if (entry !== undefined) entry.wanted = status;
      this.#look(key);
    }
    this.#next();
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the writing of statuses was ended'));
    this.#cancelTimer?.();
    await this.#writing;
  }

  /** Whether there is something to write to an object. */
  #look(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined && isDifferent(entry)) this.#dirty.add(key);
    else this.#dirty.delete(key);
  }

  #next(): void {
    if (this.#isWriting || this.#closing.signal.aborted) return;
    const { clock } = this.#options;
    let entry: Entry | undefined;
    for (const key of this.#dirty) {
      const other = this.#entries.get(key)!;
      if (entry === undefined || other.dueAt < entry.dueAt) entry = other;
    }
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (entry === undefined) return;
    const pause = entry.dueAt - clock.elapsed();
    if (pause > 0) {
      this.#cancelTimer = clock.schedule(pause, () => this.#next());
      return;
    }
    this.#isWriting = true;
    const key = keyOf(entry.object);
    this.#writing = this.#write(entry).finally(() => {
      this.#isWriting = false;
      this.#look(key);
      this.#next();
    });
  }

  /** Never rejects. */
  async #write(entry: Entry): Promise<void> {
    const { client, clock } = this.#options;
    const { object } = entry;
    const { namespace, name } = object.metadata;
    const status = wantedStatus(entry, new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'));
    const resource = RESOURCES[PLURALS[object.kind as keyof typeof PLURALS]];
    const path = `${resourcePath(resource, namespace)}/${encodeURIComponent(name)}/status`;
    try {
      await client.send('PATCH', path, { body: { status }, signal: this.#closing.signal });
      entry.present = status;
      entry.dueAt = clock.elapsed() + this.#interval;
      entry.failures = 0;
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      entry.failures++;
      entry.dueAt = clock.elapsed() + Math.min(MAX_PAUSE, this.#interval * 2 ** Math.min(entry.failures - 1, 10));
      // It was deleted, of which the watch will tell.
      if (error instanceof KubeError && error.status === 404) entry.wanted = undefined;
      else this.#tell(error);
    }
  }

  #tell(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (message === this.#told) return;
    this.#told = message;
    this.#options.logger.warn(
      { cluster: this.#options.cluster, err: error },
      'the status of an alert policy or a named metric could not be written',
    );
  }
}

function keyOf({ kind, metadata }: PolicyObject): string {
  return `${kind}/${metadata.namespace}/${metadata.name}`;
}

/** Whether the status is not what it should be. What is said of an older generation waits for what is said of this one. */
function isDifferent(entry: Entry): boolean {
  const { wanted, object } = entry;
  if (wanted === undefined || wanted.object.metadata.generation !== object.metadata.generation) return false;
  const present = entry.present?.conditions?.find(({ type }) => type === 'Accepted');
  const { observedGeneration = 0, firing = null, conditions } = wantedStatus(entry, present?.lastTransitionTime ?? '');
  return !isDeepStrictEqual(
    [entry.present?.observedGeneration ?? 0, entry.present?.firing ?? null, present],
    [observedGeneration, firing, conditions![0]],
  );
}

function wantedStatus({ wanted, present, object }: Entry, now: string): WrittenStatus {
  const { isAccepted, message, firing } = wanted!;
  const { generation } = object.metadata;
  const status = isAccepted ? 'True' : 'False';
  const before = present?.conditions?.find(({ type }) => type === 'Accepted');
  return {
    observedGeneration: generation,
    firing: firing ?? null,
    conditions: [
      {
        type: 'Accepted',
        status,
        reason: isAccepted ? 'Accepted' : 'Rejected',
        message: message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message,
        observedGeneration: generation,
        lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
      },
    ],
  };
}
