import { describe, expect, it } from 'vitest';
import { InternTable } from './intern-table.ts';
import type { RawObject } from './kube-client.ts';
import { RESOURCES, resourcePath } from './resources.ts';
import { MAX_ANNOTATION } from './shape.ts';

const metadata = {
  name: 'web-1',
  namespace: 'shop',
  uid: 'u1',
  resourceVersion: '5',
  creationTimestamp: '2026-03-01T12:00:00Z',
};

function pod(spec: object, status: object = {}, more: object = {}): RawObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, ...more }, spec, status };
}

describe('what is kept of an object', () => {
  it('is what its shape names', () => {
    const { slim } = RESOURCES.pods;
    const raw = pod(
      {
        nodeName: 'n1',
        dnsPolicy: 'ClusterFirst',
        containers: [
          {
            name: 'app',
            image: 'i:1',
            env: [{ name: 'PASSWORD', value: 'hunter2' }],
            resources: { requests: { cpu: '100m', memory: 5 } },
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }, { name: 'config', configMap: {} }, null],
      },
      {
        phase: 'Running',
        hostIPs: [],
        containerStatuses: [{ name: 'app', restartCount: 0, ready: false, lastState: {} }],
      },
      { labels: { app: 'web' }, managedFields: [{ manager: 'kubelet' }], generateName: 'web-', finalizers: ['x'] },
    );
    expect(slim(raw)).toEqual({
      metadata: { ...metadata, labels: { app: 'web' } },
      spec: {
        nodeName: 'n1',
        containers: [{ name: 'app', image: 'i:1', resources: { requests: { cpu: '100m', memory: 5 } } }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'c' } }],
      },
      status: {
        phase: 'Running',
        containerStatuses: [{ name: 'app', restartCount: 0, ready: false, lastState: {} }],
      },
    });
  });

  it('has all that its type says must be there, whatever came', () => {
    const bare = {
      metadata: { name: 'x', resourceVersion: '1', labels: null, annotations: 5 },
    } as unknown as RawObject;
    const empty = { name: 'x', namespace: '', uid: '', resourceVersion: '1', creationTimestamp: '' };
    expect(RESOURCES.pods.slim(bare)).toEqual({ metadata: empty, spec: {}, status: {} });
    const wrong = pod({ containers: { a: 1 }, nodeName: ['x'], nodeSelector: { a: {}, b: 'c', d: null } });
    expect(RESOURCES.pods.slim(wrong).spec).toEqual({ nodeSelector: { b: 'c' } });
    const slice = { metadata: { name: 'x', resourceVersion: '1' }, addressType: 'IPv4', endpoints: null, ports: [] };
    expect(RESOURCES.endpointslices.slim(slice)).toEqual({ metadata: empty, addressType: 'IPv4', ports: [] });
  });

  it('is without annotations that are too long, and without the copy that kubectl makes', () => {
    const annotations = {
      'prometheus.io/scrape': 'true',
      short: 'x'.repeat(MAX_ANNOTATION),
      long: 'x'.repeat(MAX_ANNOTATION + 1),
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    };
    const { metadata: kept } = RESOURCES.pods.slim(pod({}, {}, { annotations }));
    expect(Object.keys(kept.annotations!)).toEqual(['prometheus.io/scrape', 'short']);
  });

  it('is held once where it is the same', () => {
    const containers = [{ name: 'app', image: 'i:1', ports: [{ containerPort: 80 }] }];
    const labels = { app: 'web', hash: 'abc' };
    const read = (): RawObject => JSON.parse(JSON.stringify(pod({ containers }, {}, { labels }))) as RawObject;
    const [a, b] = [RESOURCES.pods.slim(read()), RESOURCES.pods.slim(read())];
    expect(a.spec.containers).toBe(b.spec.containers);
    expect(a.metadata.labels).toBe(b.metadata.labels);
    expect(a.spec).not.toBe(b.spec);
    const other = RESOURCES.pods.slim(pod({ containers: [{ name: 'app', image: 'i:2' }] }));
    expect(other.spec.containers[0]!.image).toBe('i:2');
  });

  it('is nothing of the content of secrets and configmaps', () => {
    const secret = { metadata, data: { password: 'aHVudGVyMg==' }, type: 'Opaque' };
    expect(RESOURCES.secrets.slim(secret)).toEqual({ metadata });
    expect(RESOURCES.configmaps.metadataOnly).toBe(true);
  });
});

describe('an intern table', () => {
  it('stays within its bounds and keeps what is asked for again', () => {
    const table = new InternTable<object>(10);
    const often = {};
    expect(table.intern(often, 'often')).toBe(often);
    for (let i = 0; i < 1_000; i++) {
      table.intern({}, `rare ${i}`);
      expect(table.intern({}, 'often')).toBe(often);
      expect(table.size).toBeLessThanOrEqual(20);
    }
    const fresh = {};
    expect(table.intern(fresh, 'rare 0')).toBe(fresh);
  });
});

describe('the path of a resource', () => {
  it.each([
    ['pods', '', '/api/v1/pods'],
    ['pods', 'shop', '/api/v1/namespaces/shop/pods'],
    ['deployments', '', '/apis/apps/v1/deployments'],
    ['ingresses', 'a/b', '/apis/networking.k8s.io/v1/namespaces/a%2Fb/ingresses'],
  ] as const)('%s of %j', (resource, namespace, path) => {
    expect(resourcePath(RESOURCES[resource], namespace)).toBe(path);
  });
});
