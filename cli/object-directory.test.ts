import { expect, it } from 'vitest';
import { EVERYTHING } from '../alerting/autoscaling/label-selector.ts';
import { MutableObjectCache } from '../collector/kubernetes/object-cache.ts';
import type { KubeObject, ObjectTypes, ResourceName } from '../collector/kubernetes/objects.ts';
import { RESOURCES } from '../collector/kubernetes/resources.ts';
import { objectDirectory } from './object-directory.ts';

it('knows the objects of a cluster by the names of the metrics APIs', () => {
  const caches = new Map<string, MutableObjectCache<KubeObject>>();
  const closed: string[] = [];
  const directory = objectDirectory({
    watch<R extends ResourceName>(resource: R) {
      const cache = new MutableObjectCache<ObjectTypes[R]>();
      caches.set(resource, cache as unknown as MutableObjectCache<KubeObject>);
      return { cache, close: () => closed.push(resource) };
    },
  });
  const slim = (resource: ResourceName, name: string, more = {}) => {
    const creationTimestamp = '2026-03-02T12:00:00Z';
    const metadata = { name, namespace: 'shop', uid: name, resourceVersion: '1', creationTimestamp };
    return RESOURCES[resource].slim({ metadata, ...more });
  };
  const state = { running: { startedAt: '2026-03-02T12:00:05Z' } };
  const status = { containerStatuses: [{ name: 'app', containerID: 'containerd://0123', state }] };
  caches.get('pods')!.replace([slim('pods', 'web', { spec: { nodeName: 'n1' }, status })], 0);
  const started = Date.UTC(2026, 2, 2, 12, 0, 5);
  expect(directory.pods('shop', EVERYTHING)).toMatchObject([
    { name: 'web', node: 'n1', running: ['app'], containers: [{ id: '0123', started }] },
  ]);
  expect([...caches.keys()]).toEqual(['pods', 'nodes']);
  expect(() => directory.get('deployments.apps', 'shop', 'web')).toThrow('not been listed yet');
  caches.get('deployments')!.replace([slim('deployments', 'web')], 0);
  expect(directory.get('deployments.apps', 'shop', 'web')?.name).toBe('web');
  const names = ['ingresses.networking.k8s.io', 'jobs.batch', 'services', 'deployments', 'secrets', 'configmaps'];
  expect(names.filter((name) => directory.knows(name))).toEqual(names.slice(0, 3));
  directory.close();
  expect(closed).toEqual(['pods', 'nodes', 'deployments']);
});
