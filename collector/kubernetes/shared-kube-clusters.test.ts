import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import { Secret } from '../secret.ts';
import { ApiServer, until } from './api-server.case.ts';
import type { KubeAccess } from './kube-access.ts';
import { SharedKubeClusters } from './shared-kube-clusters.ts';

const directory = mkdtempSync(join(tmpdir(), 'pharos-clusters-'));
let server: ApiServer;
let clusters: SharedKubeClusters;

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  clusters = new SharedKubeClusters({ environment: {}, logger: pino({ level: 'silent' }), linger: 50 });
});
afterEach(async () => {
  await clusters.close();
  await server.stop();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function access(token: string): KubeAccess {
  const authorization = { type: 'Bearer', credentials: new Secret(token), credentialsFile: undefined };
  return { kind: 'api-server', url: server.url, client: { ...PLAIN_HTTP_CLIENT, authorization } };
}

it('gives the same cluster for the same access, and another one for another name or secret', async () => {
  clusters.setNames([{ access: access('a'), name: 'east' }]);
  const one = await clusters.open(access('a'));
  const [two, three] = await Promise.all([clusters.open(access('a')), clusters.open(access('b'))]);
  expect(two.cluster).toBe(one.cluster);
  expect(three.cluster).not.toBe(one.cluster);
  expect([one.cluster.name, three.cluster.name]).toEqual(['east', '']);
  clusters.setNames([{ access: access('a'), name: 'west' }]);
  expect((await clusters.open(access('a'))).cluster.name).toBe('west');
});

it('keeps a cluster for a while after the last lease, so that a reload finds it', async () => {
  const one = await clusters.open(access('a'));
  one.cluster.watch('pods');
  await until(() => server.watches === 1);
  one.close();
  one.close();
  const two = await clusters.open(access('a'));
  expect(two.cluster).toBe(one.cluster);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.watches).toBe(1);
  two.close();
  await until(() => server.watches === 0);
  expect((await clusters.open(access('a'))).cluster).not.toBe(one.cluster);
});

it('names a cluster by its context, and tries an access again that could not be used', async () => {
  const missing: KubeAccess = { kind: 'kubeconfig', file: join(directory, 'config'), context: undefined };
  await expect(clusters.open(missing)).rejects.toThrow(/no such file or directory/);
  const parts = { contexts: [{ name: 'dev', context: { cluster: 'c' } }], 'current-context': 'dev' };
  const config = { ...parts, clusters: [{ name: 'c', cluster: { server: server.url } }] };
  writeFileSync(missing.file as string, JSON.stringify(config));
  const { cluster } = await clusters.open(missing);
  expect(cluster.name).toBe('dev');
  await clusters.close();
  await expect(clusters.open(access('a'))).rejects.toThrow('the clusters are closed');
});
