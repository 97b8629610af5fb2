import { MutableObjectCache } from '../object-cache.ts';
import type { CoreEvent } from '../objects.ts';

/** Hears what a reflector learns of events. */
export interface EventListener {
  /** A complete list; the first one since the stream began, or a later one. */
  listed(events: Iterable<CoreEvent>, isFirst: boolean): void;
  /** An event is new or changed. */
  said(event: CoreEvent): void;
  /** An event is forgotten by the API. */
  gone(namespace: string, name: string): void;
}

/** The cache that a reflector writes to, but none: events are passed on and not kept, because there can be very many. */
export class EventStream extends MutableObjectCache<CoreEvent> {
  readonly #listener: EventListener;

  constructor(listener: EventListener) {
    super();
    this.#listener = listener;
  }

  override put(event: CoreEvent): void {
    this.#listener.said(event);
  }

  override remove(namespace: string, name: string): void {
    this.#listener.gone(namespace, name);
  }

  override adopt(events: readonly CoreEvent[], now: number): Promise<void> {
    this.#listener.listed(events, !this.isSynced);
    this.complete(now);
    return Promise.resolve();
  }
}
