import { expect, test } from 'vitest';
import { clusterOfSegment, clusterPath, nodePath, podPath, workloadPath } from './object-paths.ts';

test('objects have paths, of which each part is escaped', () => {
  expect(clusterPath('eu/1')).toBe('/clusters/eu%2F1');
  expect(nodePath('east', 'node-1')).toBe('/nodes/east/node-1');
  expect(podPath({ cluster: 'a/b', namespace: 'shop', name: 'web-1' })).toBe('/pods/a%2Fb/shop/web-1');
  expect(podPath({ cluster: 'east', namespace: 'shop', name: 'web-1' }, 'main')).toBe('/pods/east/shop/web-1/main');
  const web = { cluster: 'east', namespace: 'shop', name: 'web' };
  expect(workloadPath('Deployment', web)).toBe('/workloads/east/shop/Deployment/web');
});

test('a cluster without a name has a segment too', () => {
  expect(clusterPath('')).toBe('/clusters/-');
  expect(nodePath('', 'node-1')).toBe('/nodes/-/node-1');
  expect(clusterOfSegment('-')).toBe('');
  expect(clusterOfSegment('east')).toBe('east');
});
