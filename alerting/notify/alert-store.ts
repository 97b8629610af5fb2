import type { Labels } from '../../storage/labels.ts';
import { fingerprint } from '../fingerprint.ts';
import { alertKey, type NotifiableAlert } from '../notifiable-alert.ts';
import type { StoredAlert } from './stored-alert.ts';

export interface AlertStoreLimits {
  readonly alerts: number;
  /** Estimated. */
  readonly bytes: number;
}

/** When something was said of an alert; the others as StoredAlert has them. */
export interface Said {
  readonly now: number;
  readonly endsAt: number;
  /** Default: false. */
  readonly isTimeout?: boolean;
}

/** What has become of an alert that was put into the store. */
export type Stored =
  | { readonly kind: 'new' | 'relabelled' | 'updated'; readonly stored: StoredAlert }
  | { readonly kind: 'full'; readonly limit: 'alerts' | 'bytes' };

/** What an alert takes beside its texts. */
const OVERHEAD = 800;

/** The alerts that fire, and those that have ended and may have to be told; each once by rule and key. */
export class AlertStore {
  readonly #limits: AlertStoreLimits;
  readonly #alerts = new Map<string, StoredAlert>();
  #bytes = 0;

  constructor(limits: AlertStoreLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#alerts.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(id: string): StoredAlert | undefined {
    return this.#alerts.get(id);
  }

  values(): IterableIterator<StoredAlert> {
    return this.#alerts.values();
  }

  /** Takes the newest word on an alert, unless it is new and there is no room.  */
  put(alert: NotifiableAlert, said: Said): Stored {
    const { now, endsAt, isTimeout = false } = said;
    const id = alertKey(alert);
    const stored = this.#alerts.get(id);
    if (stored === undefined) return this.#add(id, alert, said);
    const isSame = stored.alert.labels.equals(alert.labels);
    // Labels that are equal are kept as the object that they were, for their memory's sake.
    const kept = isSame && stored.alert.labels !== alert.labels ? { ...alert, labels: stored.alert.labels } : alert;
    if (!stored.alert.annotations.equals(alert.annotations) || !isSame) this.#resize(stored, kept);
    stored.alert = kept;
    stored.updatedAt = now;
    stored.endsAt = endsAt;
    stored.isTimeout = isTimeout;
    if (isSame) return { kind: 'updated', stored };
    stored.fingerprint = fingerprint(alert.labels);
    return { kind: 'relabelled', stored };
  }

  delete(stored: StoredAlert): void {
    if (this.#alerts.delete(stored.id)) this.#bytes -= stored.bytes;
  }

  #add(id: string, alert: NotifiableAlert, { now, endsAt, isTimeout = false }: Said): Stored {
    const bytes = sizeOf(alert);
    if (this.#alerts.size >= this.#limits.alerts) return { kind: 'full', limit: 'alerts' };
    if (this.#bytes + bytes > this.#limits.bytes) return { kind: 'full', limit: 'bytes' };
    const stored: StoredAlert = {
      id,
      alert,
      fingerprint: fingerprint(alert.labels),
      updatedAt: now,
      endsAt,
      isTimeout,
      bytes,
      groups: new Set(),
    };
    this.#alerts.set(id, stored);
    this.#bytes += bytes;
    return { kind: 'new', stored };
  }

  #resize(stored: StoredAlert, alert: NotifiableAlert): void {
    const bytes = sizeOf(alert);
    this.#bytes += bytes - stored.bytes;
    stored.bytes = bytes;
  }
}

function sizeOf({ labels, annotations, generatorUrl }: NotifiableAlert): number {
  return OVERHEAD + 2 * generatorUrl.length + textSize(labels) + textSize(annotations);
}

function textSize(labels: Labels): number {
  let size = 0;
  for (const text of labels.pairs) size += 24 + 2 * text.length;
  return size;
}
