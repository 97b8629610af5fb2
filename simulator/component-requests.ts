import type { ApiServer } from './api/api-server.ts';
import type { ObjectStore } from './object-store.ts';
import { fraction } from './world/random.ts';

/** One request in so many is answered 503 at first, as when etcd elects a leader, and made again. */
const FAILURES = { write: 700, read: 500 };
/** One write in so many comes with an old version of its object. */
const CONFLICTS = 60;

/**
 * The controllers and kubelets of the simulation change objects without asking the API server; in a real cluster they are most of
 * its load. Counts what they would have asked in the server's own metrics: a write for each change, and a read before it.
 */
export function countComponentRequests(store: ObjectStore, api: ApiServer): () => void {
  let number = 0;
  const observe = (verb: string, stored: string, scope: string): void => {
    const resource = api.resources.ofStored(stored);
    if (resource === undefined) return;
    const { group, version, plural } = resource;
    const labels = { verb, group, version, resource: plural, subresource: '', scope };
    number++;
    // Mostly some milliseconds, now and then half a second.
    const luck = fraction(`request/${number}`);
    const seconds = 0.002 + 0.02 * luck + (luck > 0.99 ? 0.5 * luck : 0);
    if (number % FAILURES[verb === 'GET' ? 'read' : 'write'] === 0) api.countSimulated(labels, 503, seconds);
    if (verb === 'PUT' && number % CONFLICTS === 0) api.countSimulated(labels, 409, seconds);
    api.countSimulated(labels, verb === 'POST' ? 201 : 200, seconds);
  };
  return store.subscribe(({ type, resource, object }) => {
    const scope = object.metadata.namespace === undefined ? 'cluster' : 'resource';
    if (type === 'MODIFIED') observe('GET', resource, scope);
    observe(type === 'ADDED' ? 'POST' : type === 'MODIFIED' ? 'PUT' : 'DELETE', resource, scope);
  });
}
