import { expect, it } from 'vitest';
import { IndexedDirectory, type ListedObject, type ListedPod, type ObjectFeed } from './indexed-directory.ts';
import { EVERYTHING } from './label-selector.ts';

type Change = { readonly before: ListedObject | undefined; readonly after: ListedObject | undefined };

class Feed implements ObjectFeed<ListedObject> {
  isSynced = false;
  readonly objects = new Map<string, ListedObject>();
  readonly listeners = new Set<(change: Change) => void>();

  values() {
    return this.objects.values();
  }

  subscribe(listener: (change: Change) => void) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  change(name: string, after: ListedObject | undefined) {
    const before = this.objects.get(name);
    if (after === undefined) this.objects.delete(name);
    else this.objects.set(name, after);
    for (const listener of this.listeners) listener({ before, after });
  }
}

function bed() {
  const feeds = new Map<string, Feed>();
  const closed: string[] = [];
  const directory = new IndexedDirectory({
    resources: new Set(['pods', 'nodes', 'deployments.apps']),
    open(resource) {
      const feed = new Feed();
      feeds.set(resource, feed);
      return { feed, close: () => closed.push(resource) };
    },
  });
  return { directory, feeds, closed };
}

const metadata = (name: string, labels?: Record<string, string>) => ({
  namespace: 'shop',
  name,
  creationTimestamp: '2026-03-02T12:00:00Z',
  ...(labels && { labels }),
});
const running = { running: { startedAt: '2026-03-02T12:00:05Z' } };

it('answers of what has been listed, and says what is not known', () => {
  const { directory, feeds } = bed();
  expect([...feeds.keys()]).toEqual(['pods', 'nodes']);
  expect(() => directory.pods('', EVERYTHING)).toThrow(
    expect.objectContaining({
      reason: 'unavailable',
      message: 'the pods of the cluster have not been listed yet: ask again',
    }),
  );
  expect(() => directory.select('secrets', '', EVERYTHING)).toThrow(
    expect.objectContaining({ reason: 'unknownMetric', message: 'no metrics are served of secrets' }),
  );
  expect(directory.knows('secrets')).toBe(false);
  const pods = feeds.get('pods')!;
  pods.isSynced = true;
  expect(directory.pods('', EVERYTHING)).toEqual([]);
  pods.change('web', { metadata: metadata('web', { app: 'web' }), spec: {}, status: {} } as ListedPod);
  expect(directory.pods('shop', [{ key: 'app', operator: 'In', values: ['web'] }])).toHaveLength(1);
  expect(directory.get('pods', 'shop', 'web')).toEqual({
    namespace: 'shop',
    name: 'web',
    labels: { app: 'web' },
    created: Date.UTC(2026, 2, 2, 12),
  });
  pods.change('web', undefined);
  expect(directory.pod('shop', 'web')).toBeUndefined();
});

it('counts the containers that run, sidecars and init containers too, and none that has ended', () => {
  const { directory, feeds } = bed();
  const pods = feeds.get('pods')!;
  pods.isSynced = true;
  pods.change('web', {
    metadata: metadata('web'),
    spec: { nodeName: 'n1' },
    status: {
      containerStatuses: [
        { name: 'app', containerID: 'containerd://0123abcd', state: running },
        { name: 'broken', containerID: 'containerd://9999', state: { running: undefined as never } },
      ],
      initContainerStatuses: [
        { name: 'prepare', containerID: 'containerd://7777', state: {} },
        { name: 'proxy', state: { running: {} } },
      ],
    },
  } as ListedPod);
  expect(directory.pod('shop', 'web')).toEqual({
    namespace: 'shop',
    name: 'web',
    labels: {},
    created: Date.UTC(2026, 2, 2, 12),
    node: 'n1',
    running: ['app', 'proxy'],
    containers: [
      { id: '0123abcd', started: Date.UTC(2026, 2, 2, 12, 0, 5) },
      { id: '', started: Number.NaN },
    ],
  });
});

it('watches other resources when they are asked for, once, and ends all of it', () => {
  const { directory, feeds, closed } = bed();
  expect(() => directory.get('deployments.apps', 'shop', 'web')).toThrow('have not been listed yet');
  const deployments = feeds.get('deployments.apps')!;
  expect(() => directory.select('deployments.apps', '', EVERYTHING)).toThrow('have not been listed yet');
  expect(feeds.get('deployments.apps')).toBe(deployments);
  deployments.change('web', { metadata: metadata('web') });
  deployments.isSynced = true;
  expect(directory.select('deployments.apps', 'shop', EVERYTHING)).toHaveLength(1);
  directory.close();
  expect(closed).toEqual(['pods', 'nodes', 'deployments.apps']);
  expect(deployments.listeners.size).toBe(0);
});
