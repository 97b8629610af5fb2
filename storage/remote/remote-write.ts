import type { Logger } from 'pino';
import type { Appender } from '../appender.ts';
import type { PrepareLabels } from './encoded-series.ts';
import type { RemoteWriteMetrics } from './metrics.ts';
import type { SendRequest } from './post-write-request.ts';
import { RemoteOutbox } from './remote-outbox.ts';
import { RemoteWriteAppender } from './remote-write-appender.ts';
import { Sender } from './sender.ts';

/** One receiver of remote write 1.0, and how to treat it. Times are milliseconds. */
export interface RemoteWriteOptions {
  /** Unique, for metrics and the log. */
  readonly name: string;
  /** Where the outbox lies; of this receiver alone. */
  readonly directory: string;
  /** Bytes that the outbox may take on the disk. Default 1 GiB. */
  readonly outboxBytes?: number;
  readonly send: SendRequest;
  /** What the labels of a series become before they are sent; undefined: it is not sent. Default: as they are. */
  readonly prepare?: PrepareLabels;
  /** Samples of one request at most. Default 10,000. */
  readonly maxSamples?: number;
  /** How long samples wait for others to share a segment. Default 1 s. */
  readonly commitInterval?: number;
  /** Requests under way at a time at most. Default 20. */
  readonly maxShards?: number;
  /** The first pause after a failure. Default 30 ms. */
  readonly minBackoff?: number;
  /** The longest pause after a failure. Default 5 s. */
  readonly maxBackoff?: number;
  /** For how long after it was written data counts as new, and is sent before all else. Default 10 s. */
  readonly liveAge?: number;
  /** Default true. */
  readonly sendMetadata?: boolean;
  readonly metrics: RemoteWriteMetrics;
  readonly logger?: Logger;
}

/** A receiver that is being sent to. */
export interface RemoteWrite {
  readonly name: string;
  /** What is appended is durable here when it resolves, and reaches the receiver when that can be reached. */
  readonly appender: Appender;
  /** Resolves when the receiver has taken everything acknowledged before the call. Rejects with a StorageError when it does not now. */
  flush(signal: AbortSignal): Promise<void>;
  /** Sends what it can within the given time, then closes; the rest stays in the outbox for the next start. */
  close(timeout: number): Promise<void>;
}

/** Opens the outbox, with what an earlier process left in it, and begins to send. Rejects with a StorageError when it cannot be opened. */
export async function openRemoteWrite(options: RemoteWriteOptions): Promise<RemoteWrite> {
  const { name, metrics, logger } = options;
  const outbox = await RemoteOutbox.open({
    directory: options.directory,
    name,
    maxBytes: options.outboxBytes ?? 2 ** 30,
    metrics,
    logger,
  });
  const appender = new RemoteWriteAppender({
    outbox,
    name,
    prepare: options.prepare ?? ((labels) => labels),
    maxSamples: options.maxSamples ?? 10_000,
    commitInterval: options.commitInterval ?? 1000,
    sendMetadata: options.sendMetadata ?? true,
    metrics,
    logger,
  });
  const sender = new Sender({
    outbox,
    name,
    send: options.send,
    maxShards: options.maxShards ?? 20,
    minBackoff: options.minBackoff ?? 30,
    maxBackoff: options.maxBackoff ?? 5000,
    ...(options.liveAge !== undefined && { liveAge: options.liveAge }),
    metrics,
    logger,
  });
  let closing: Promise<void> | undefined;
  const close = async (timeout: number) => {
    const end = Date.now() + timeout;
    await appender.close().catch(() => {
      // The appender has told.
    });
    await sender.drained(AbortSignal.timeout(timeout)).catch(() => {
      const { segments } = outbox;
      logger?.info({ remote_name: name, segments: segments.length }, 'the outbox keeps segments for the next start');
    });
    await sender.stop(Math.max(0, end - Date.now()));
    outbox.close();
  };
  return {
    name,
    appender,
    async flush(signal) {
      await appender.commit();
      await sender.drained(signal);
    },
    close: (timeout) => (closing ??= close(timeout)),
  };
}
