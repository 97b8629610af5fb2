import { expect, test } from 'vitest';
import type { RemoteWriteConfig } from './config.ts';
import { loadConfigText } from './load-config.ts';
import { ConfigError, formatProblems } from './problem.ts';

async function load(text: string): Promise<readonly RemoteWriteConfig[]> {
  return (await loadConfigText(text, { name: 'pharos.yml', path: '/etc/pharos.yml' })).config.remoteWrite;
}

async function errorsOf(text: string): Promise<string[]> {
  const error = await load(text).catch((thrown: unknown) => thrown);
  return error instanceof ConfigError ? formatProblems(error.problems).split('\n') : [];
}

test('a receiver has defaults for all but its URL, and a name made of it', async () => {
  const [remote] = await load('remote_write: [{url: "http://user:word@central:9090/api/v1/write"}]');
  expect(remote).toMatchObject({
    name: expect.stringMatching(/^[0-9a-f]{6}$/),
    url: 'http://central:9090/api/v1/write',
    timeout: 30_000,
    outboxMaxSize: 1024 ** 3,
    maxSamplesPerSend: 10_000,
    commitInterval: 1000,
    maxShards: 20,
    minBackoff: 30,
    maxBackoff: 5000,
    sendMetadata: true,
    writeRelabelConfigs: [],
  });
  expect(remote!.client.basicAuth!.username).toBe('user');
  expect(JSON.stringify(remote)).not.toContain('word@');
});

test('what is given counts, and samples are in the outbox within a second whatever is given', async () => {
  const [remote] = await load(`
storage: {outbox_max_size: 2GB}
remote_write:
  - url: https://central/write
    name: central
    remote_timeout: 5s
    headers: {X-Scope-OrgID: tenant}
    bearer_token: abc
    write_relabel_configs: [{action: drop, source_labels: [__name__], regex: go_.*}]
    queue_config: {max_samples_per_send: 2000, batch_send_deadline: 5s, max_shards: 3, min_backoff: 1s, max_backoff: 1m}
    metadata_config: {send: false}
`);
  expect(remote).toMatchObject({
    name: 'central',
    timeout: 5000,
    outboxMaxSize: 2 * 1024 ** 3,
    maxSamplesPerSend: 2000,
    commitInterval: 1000,
    maxShards: 3,
    minBackoff: 1000,
    maxBackoff: 60_000,
    sendMetadata: false,
  });
  expect(remote!.client.headers).toEqual({ 'X-Scope-OrgID': 'tenant' });
  expect(remote!.client.authorization!.credentials!.reveal()).toBe('abc');
  expect(remote!.writeRelabelConfigs).toHaveLength(1);
});

test('mistakes are named by line', async () => {
  expect(
    await errorsOf(`
remote_write:
  - {url: 'http://a/', name: x}
  - {url: 'http://b/', name: x}
  - {url: 'http://c/'}
  - {url: 'http://c/'}
  - {name: nowhere}
  - {url: 'http://d/', headers: {Content-Type: x}, queue_config: {min_backoff: 10s}}
`),
  ).toEqual([
    'pharos.yml:4:24: remote_write[1].name: expected a name that no other remote_write has, got "x"',
    'pharos.yml:6:5: remote_write[3].name: expected a name, because another remote_write has the same URL',
    'pharos.yml:7:5: remote_write[4]: the key "url" is missing; expected a URL',
    'pharos.yml:8:34: remote_write[5].headers.Content-Type: expected a header that nothing else sets, got "Content-Type"',
    'pharos.yml:8:67: remote_write[5].queue_config.min_backoff: expected at most max_backoff',
  ]);
});
