import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { createHttpTransport } from '../collector/http-transport.ts';
import { compileRelabel } from '../collector/relabel.ts';
import type { Appender } from '../storage/appender.ts';
import { createForwardingStorage } from '../storage/forwarding-storage.ts';
import type { Labels } from '../storage/labels.ts';
import { createRemoteWriteMetrics } from '../storage/remote/metrics.ts';
import { createPost } from '../storage/remote/post-write-request.ts';
import { openRemoteWrite, type RemoteWrite } from '../storage/remote/remote-write.ts';
import type { Storage } from '../storage/storage.ts';
import { TeeAppender } from '../storage/tee-appender.ts';
import type { PharosConfig, RemoteWriteConfig } from './config/config.ts';
import { VERSION } from './version.ts';

/** How long a receiver may hold up the end of the process: what it has not taken by then is sent after the next start. */
const CLOSE_WITHIN = 3_000;
const WARNING_INTERVAL = 60_000;

export interface RemoteWritesDeps {
  readonly dataDir: string;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** Opens the outbox of every receiver below `remote-write` in the data directory, and begins to send what is in them. */
export async function openRemoteWrites(config: PharosConfig, deps: RemoteWritesDeps): Promise<readonly RemoteWrite[]> {
  const root = path.join(deps.dataDir, 'remote-write');
  const metrics = createRemoteWriteMetrics(deps.registry);
  const remotes: RemoteWrite[] = [];
  try {
    for (const entry of config.remoteWrite) {
      const transport = createHttpTransport(entry.client, { connections: entry.maxShards, timeout: entry.timeout });
      const remote = await openRemoteWrite({
        ...entry,
        directory: path.join(root, directoryName(entry.name)),
        outboxBytes: entry.outboxMaxSize,
        maxSamples: entry.maxSamplesPerSend,
        prepare: preparation(entry, config.global.externalLabels),
        send: createPost({
          url: entry.url,
          timeout: entry.timeout,
          headers: () => transport.headers(),
          dispatcher: transport.dispatcher,
          userAgent: `pharos/${VERSION}`,
        }),
        metrics,
        logger: deps.logger,
      });
      remotes.push({
        ...remote,
        async close(timeout) {
          await remote.close(Math.min(timeout, CLOSE_WITHIN));
          await transport.close();
        },
      });
    }
  } catch (error) {
    await Promise.all(remotes.map((remote) => remote.close(0)));
    throw error;
  }
  warnOfOthers(root, config.remoteWrite, deps.logger);
  return remotes;
}

/** The store with everything that is appended to it also sent. What a receiver's outbox refuses is missing there only. */
export function withRemoteWrites(storage: Storage, remotes: readonly RemoteWrite[], logger: Logger): Storage {
  if (remotes.length === 0) return storage;
  return {
    ...storage,
    appender: tee(storage.appender, remotes, logger),
    async close(timeout) {
      await Promise.all([storage.close(timeout), ...remotes.map((remote) => remote.close(timeout))]);
    },
  };
}

/** Nothing but sending. With several receivers, the first one's outbox decides what is acknowledged. */
export function onlyRemoteWrites(remotes: readonly RemoteWrite[], logger: Logger): Storage {
  const [first, ...others] = remotes;
  if (first === undefined) throw new Error('sending only needs a remote_write');
  const appender = others.length === 0 ? first.appender : tee(first.appender, others, logger);
  return createForwardingStorage(appender, remotes);
}

function tee(main: Appender, remotes: readonly RemoteWrite[], logger: Logger): TeeAppender {
  const copies = remotes.map(({ name, appender }) => {
    let warnedAt = Number.NEGATIVE_INFINITY;
    let missing = 0;
    return {
      appender,
      onRefused: (error: Error, samples: number) => {
        missing += samples;
        if (performance.now() - warnedAt < WARNING_INTERVAL) return;
        warnedAt = performance.now();
        logger.error({ remote_name: name, samples: missing, reason: error.message }, 'samples will not be sent');
        missing = 0;
      },
    };
  });
  return new TeeAppender(main, copies);
}

/** External labels first, where a series does not have them, then the steps: as Prometheus does it. */
function preparation(entry: RemoteWriteConfig, externalLabels: PharosConfig['global']['externalLabels']) {
  const relabel = compileRelabel(entry.writeRelabelConfigs);
  const external = Object.entries(externalLabels);
  return (labels: Labels): Labels | undefined => {
    let all = labels;
    for (const [name, value] of external) if (!all.has(name)) all = all.with(name, value);
    return relabel(all);
  };
}

/** A name as a directory: nothing that leads elsewhere. */
function directoryName(name: string): string {
  return encodeURIComponent(name).replace(/^\.+/, (dots) => '%2E'.repeat(dots.length));
}

function warnOfOthers(root: string, entries: readonly RemoteWriteConfig[], logger: Logger): void {
  if (!existsSync(root)) return;
  const known = new Set(entries.map(({ name }) => directoryName(name)));
  const others = readdirSync(root).filter((name) => !known.has(name));
  if (others.length > 0) {
    logger.warn(
      { directory: root, others },
      'outboxes of no remote_write stay as they are: nothing sends what is in them',
    );
  }
}
