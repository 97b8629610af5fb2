import { createHash } from 'node:crypto';
import { checkHeaderName } from './build-client.ts';
import { buildRelabelConfigs } from './build-relabel.ts';
import { buildServer } from './build-server.ts';
import type { RemoteWriteConfig } from './config.ts';
import type { FileSettings } from './file-keys.ts';
import type { Reading } from './reading.ts';
import type { RemoteWriteSettings } from './remote-write-keys.ts';

/** Until samples are in the outbox they are not safe, and whoever appends them waits. */
const LONGEST_COMMIT_INTERVAL = 1_000;

/** The receivers of remote write, with names that tell their outboxes apart. */
export function buildRemoteWrites(settings: FileSettings, reading: Reading): RemoteWriteConfig[] {
  const names = new Set<string>();
  return settings.remote_write.map((entry) => {
    const config = buildRemoteWrite(entry, settings, reading);
    if (names.has(config.name)) {
      reading.report(
        reading.placeOf(entry, 'name'),
        entry.name === undefined
          ? 'expected a name, because another remote_write has the same URL'
          : `expected a name that no other remote_write has, got ${JSON.stringify(config.name)}`,
      );
    }
    names.add(config.name);
    return config;
  });
}

function buildRemoteWrite(entry: RemoteWriteSettings, settings: FileSettings, reading: Reading): RemoteWriteConfig {
  const { queue_config: queue } = entry;
  const { url, client } = buildServer(entry.url, entry, reading);
  for (const name of Object.keys(entry.headers)) checkHeaderName(name, reading.placeOf(entry.headers, name), reading);
  if (queue.min_backoff > queue.max_backoff && reading.isSound(queue, 'min_backoff', 'max_backoff')) {
    reading.report(reading.placeOf(queue, 'min_backoff'), 'expected at most max_backoff');
  }
  return {
    name: entry.name ?? createHash('sha256').update(url).digest('hex').slice(0, 6),
    url,
    timeout: entry.remote_timeout,
    client: { ...client, headers: { ...client.headers, ...entry.headers } },
    writeRelabelConfigs: buildRelabelConfigs(entry.write_relabel_configs, reading),
    outboxMaxSize: entry.outbox_max_size ?? settings.storage.outbox_max_size,
    maxSamplesPerSend: queue.max_samples_per_send,
    commitInterval: Math.min(queue.batch_send_deadline, LONGEST_COMMIT_INTERVAL),
    maxShards: queue.max_shards,
    minBackoff: queue.min_backoff,
    maxBackoff: queue.max_backoff,
    sendMetadata: entry.metadata_config.send,
  };
}
