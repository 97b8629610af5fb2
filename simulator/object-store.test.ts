import { describe, expect, it } from 'vitest';
import type { KubeObject } from './kube-object.ts';
import { ObjectStore } from './object-store.ts';

const object = (name: string, fields: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'web', name },
  ...fields,
});
const names = (objects: readonly KubeObject[] | undefined) => objects?.map(({ metadata }) => metadata.name);

describe('ObjectStore', () => {
  it('lists in the order of creation, sorted, and of one namespace', () => {
    const store = new ObjectStore({ now: () => 0 });
    for (const name of ['b', 'c', 'a']) store.create('deployments.apps', object(name));
    store.create('deployments.apps', { ...object('z'), metadata: { namespace: 'we', name: 'z' } });
    store.create('deployments.apps', { ...object('y'), metadata: { namespace: 'web-2', name: 'y' } });
    expect(names(store.list('deployments.apps'))).toEqual(['b', 'c', 'a', 'z', 'y']);
    expect(names(store.list('deployments.apps', { sorted: true }))).toEqual(['z', 'y', 'a', 'b', 'c']);
    expect(names(store.list('deployments.apps', { namespace: 'web' }))).toEqual(['a', 'b', 'c']);
    store.delete('deployments.apps', 'web', 'b');
    expect(names(store.list('deployments.apps', { namespace: 'web' }))).toEqual(['a', 'c']);
    expect(store.count('deployments.apps')).toBe(4);
  });

  it('tells what there was at a version, as far as it remembers', () => {
    const store = new ObjectStore({ now: () => 0, history: 8 });
    store.create('deployments.apps', object('a'));
    store.create('deployments.apps', object('b'));
    const { version } = store;
    store.update('deployments.apps', object('a', { spec: { replicas: 2 } }));
    store.delete('deployments.apps', 'web', 'b');
    store.create('deployments.apps', object('c'));
    const then = store.listAt('deployments.apps', version);
    expect(names(then)).toEqual(['a', 'b']);
    expect(then![0]!.spec).toBeUndefined();
    for (let i = 0; i < 10; i++) store.create('pods', { ...object(`p${i}`) });
    expect(store.listAt('deployments.apps', version)).toBeUndefined();
  });

  it('raises a generation when the spec changes', () => {
    const store = new ObjectStore({ now: () => 0 });
    const generation = (name: string) => store.get('deployments.apps', 'web', name)!.metadata.generation;
    store.create('deployments.apps', {
      ...object('a', { spec: { replicas: 1 } }),
      metadata: { namespace: 'web', name: 'a', generation: 1 },
    });
    store.create('deployments.apps', object('b', { spec: { replicas: 1 } }));
    store.update('deployments.apps', object('a', { spec: { replicas: 1 }, status: { replicas: 1 } }));
    expect(generation('a')).toBe(1);
    store.update('deployments.apps', object('a', { spec: { replicas: 2 } }));
    store.update('deployments.apps', object('b', { spec: { replicas: 2 } }));
    expect([generation('a'), generation('b')]).toEqual([2, undefined]);
  });
});
