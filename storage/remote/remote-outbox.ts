import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Logger } from 'pino';
import { StorageError } from '../errors.ts';
import { lockDirectory } from '../outbox/directory-lock.ts';
import { syncDirectory, writeFile } from '../outbox/durable-file.ts';
import { type OutboxIdentity, openIdentity } from '../outbox/outbox-identity.ts';
import type { RemoteWriteMetrics } from './metrics.ts';
import {
  decodeRemoteSegment,
  encodeRemoteSegment,
  parseRemoteSegmentName,
  type RemoteSegment,
  remoteSegmentName,
  type SegmentPart,
} from './remote-segment.ts';

export interface RemoteOutboxOptions {
  readonly directory: string;
  /** The receiver's name, for metrics and the log. */
  readonly name: string;
  /** Bytes that segments and quarantine may take together. */
  readonly maxBytes: number;
  readonly metrics: RemoteWriteMetrics;
  readonly logger: Logger | undefined;
}

/**
 * The segments that are durable and that the receiver has not taken yet, in files, in the order in which they were written; they
 * may leave in any order. A file is written under a temporary name, synced and renamed: what has its final name is whole, and
 * its name tells should it be damaged all the same.
 */
export class RemoteOutbox {
  readonly maxBytes: number;
  /** Called when a segment has become durable. */
  onArrival: () => void = () => {};
  readonly #directory: string;
  readonly #name: string;
  readonly #metrics: RemoteWriteMetrics;
  readonly #logger: Logger | undefined;
  readonly #unlock: () => void;
  readonly #epoch: number;
  readonly #quarantine: Quarantine;
  #sequence = 0;
  readonly #segments: RemoteSegment[] = [];
  #bytes = 0;
  #samples = 0;

  private constructor(options: RemoteOutboxOptions, unlock: () => void, identity: OutboxIdentity) {
    this.#directory = options.directory;
    this.#name = options.name;
    this.maxBytes = options.maxBytes;
    this.#metrics = options.metrics;
    this.#logger = options.logger;
    this.#unlock = unlock;
    this.#epoch = identity.epoch;
    this.#quarantine = new Quarantine(options);
    this.#metrics.limitBytes.set({ remote_name: this.#name }, this.#room);
  }

  /** Opens the directory, made when missing, with what an earlier process left. Rejects with a StorageError when it cannot. */
  static async open(options: RemoteOutboxOptions): Promise<RemoteOutbox> {
    mkdirSync(join(options.directory, QUARANTINE), { recursive: true, mode: 0o700 });
    const unlock = lockDirectory(options.directory);
    try {
      const outbox = new RemoteOutbox(options, unlock, await openIdentity(options.directory));
      outbox.#recover();
      return outbox;
    } catch (error) {
      unlock();
      throw new StorageError('internal', `cannot open the outbox in ${options.directory}`, { cause: error });
    }
  }

  /** The oldest first. */
  get segments(): readonly RemoteSegment[] {
    return this.#segments;
  }

  /** Bytes of the segments. */
  get bytes(): number {
    return this.#bytes;
  }

  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.#room;
  }

  /** What the quarantine leaves for segments. */
  get #room(): number {
    return Math.floor(this.maxBytes * (1 - QUARANTINE_SHARE));
  }

  /** Makes a segment durable. One call at a time. Rejects with a StorageError `unavailable`; then nothing of it will be sent. */
  async write(parts: readonly SegmentPart[]): Promise<void> {
    const stop = this.#metrics.commitSeconds.startTimer({ remote_name: this.#name });
    const segment = segmentOf(parts, { epoch: this.#epoch, sequence: ++this.#sequence, writtenAt: Date.now() });
    const path = this.#pathOf(segment);
    try {
      await writeWhole(this.#directory, { path, parts });
    } catch (error) {
      await rm(path, { force: true }).catch(() => {});
      throw new StorageError('unavailable', `cannot write to the outbox in ${this.#directory}`, { cause: error });
    }
    stop();
    this.#add(segment);
    this.#update();
    this.onArrival();
  }

  /** The parts of a segment. Rejects with a StorageError `bad_data` when the file is damaged or gone, else as the disk says. */
  async read(segment: RemoteSegment): Promise<readonly SegmentPart[]> {
    const content = await readFile(this.#pathOf(segment)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    const isWhole = content.length === segment.bytes && crc32(content) === segment.crc;
    const parts = isWhole ? decodeRemoteSegment(content, segment.parts) : undefined;
    if (parts !== undefined) return parts;
    const name = remoteSegmentName(segment);
    throw new StorageError('bad_data', `the file ${name} does not have the length and checksum that its name says`);
  }

  /** Removes a segment of which nothing is to be sent any more. */
  async done(segment: RemoteSegment): Promise<void> {
    await rm(this.#pathOf(segment), { force: true });
    this.#forget(segment);
  }

  /** Puts one part of a segment aside, durable, for a person to look at: the receiver will never take it. */
  async quarantine(segment: RemoteSegment, part: SegmentPart): Promise<void> {
    // Numbered anew, so that it may lie beside other parts, and can be moved back and sent again.
    const number = { epoch: this.#epoch, sequence: ++this.#sequence, writtenAt: segment.writtenAt };
    await this.#quarantine.add(segmentOf([part], number), (path) =>
      writeWhole(join(this.#directory, QUARANTINE), { path, parts: [part] }),
    );
  }

  /** Puts a whole segment aside as it is: it cannot be read. */
  async quarantineFile(segment: RemoteSegment): Promise<void> {
    await this.#quarantine.add(segment, async (path) => {
      if (existsSync(this.#pathOf(segment))) await rename(this.#pathOf(segment), path);
    });
    this.#forget(segment);
  }

  /** Gives the directory back; call when nothing else runs on it. */
  close(): void {
    this.#unlock();
  }

  #pathOf(segment: RemoteSegment): string {
    return join(this.#directory, remoteSegmentName(segment));
  }

  #recover(): void {
    for (const name of readdirSync(this.#directory).sort()) {
      if (name.endsWith(TEMPORARY)) rmSync(join(this.#directory, name), { force: true });
      const segment = parseRemoteSegmentName(name);
      if (segment !== undefined) this.#add(segment);
    }
    this.#update();
    if (this.#segments.length > 0) {
      this.#logger?.info(
        { remote_name: this.#name, segments: this.#segments.length, samples: this.#samples },
        'the outbox has segments to send',
      );
    }
  }

  #add(segment: RemoteSegment): void {
    this.#segments.push(segment);
    this.#bytes += segment.bytes;
    this.#samples += segment.samples;
  }

  #forget(segment: RemoteSegment): void {
    const at = this.#segments.lastIndexOf(segment);
    if (at < 0) throw new Error('only a segment of the outbox can be removed from it');
    this.#segments.splice(at, 1);
    this.#bytes -= segment.bytes;
    this.#samples -= segment.samples;
    this.#update();
  }

  #update(): void {
    const metrics = this.#metrics;
    const label = { remote_name: this.#name };
    metrics.pendingBytes.set(label, this.#bytes);
    metrics.pendingSegments.set(label, this.#segments.length);
    metrics.pendingSamples.set(label, this.#samples);
    metrics.oldestPending.set(label, (this.#segments[0]?.writtenAt ?? 0) / 1000);
    metrics.newestPending.set(label, (this.#segments.at(-1)?.writtenAt ?? 0) / 1000);
  }
}

const TEMPORARY = 'segment.tmp';
const QUARANTINE = 'quarantine';
/** The share of the outbox that the quarantine may take; then its oldest files go. */
const QUARANTINE_SHARE = 0.1;

/** What the receiver refused for good, bounded. */
class Quarantine {
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #name: string;
  readonly #metrics: RemoteWriteMetrics;
  readonly #files: RemoteSegment[] = [];
  bytes = 0;

  constructor({ directory, maxBytes, name, metrics }: RemoteOutboxOptions) {
    this.#directory = join(directory, QUARANTINE);
    this.#maxBytes = maxBytes * QUARANTINE_SHARE;
    this.#name = name;
    this.#metrics = metrics;
    for (const file of readdirSync(this.#directory).sort()) {
      const segment = parseRemoteSegmentName(file);
      if (segment === undefined) rmSync(join(this.#directory, file), { force: true });
      else this.#count(segment);
    }
  }

  /** `place` makes the file at a path. */
  async add(segment: RemoteSegment, place: (path: string) => Promise<void>): Promise<void> {
    for (let oldest = this.#files[0]; oldest !== undefined; oldest = this.#files[0]) {
      if (this.bytes + segment.bytes <= this.#maxBytes) break;
      this.#files.shift();
      this.bytes -= oldest.bytes;
      await rm(join(this.#directory, remoteSegmentName(oldest)), { force: true });
      this.#metrics.quarantineDropped.inc({ remote_name: this.#name }, oldest.samples);
    }
    await place(join(this.#directory, remoteSegmentName(segment)));
    this.#count(segment);
  }

  #count(segment: RemoteSegment): void {
    this.#files.push(segment);
    this.bytes += segment.bytes;
    this.#metrics.quarantineBytes.set({ remote_name: this.#name }, this.bytes);
  }
}

function segmentOf(
  parts: readonly SegmentPart[],
  number: Pick<RemoteSegment, 'epoch' | 'sequence' | 'writtenAt'>,
): RemoteSegment {
  const content = encodeRemoteSegment(parts);
  return {
    ...number,
    samples: parts.reduce((sum, part) => sum + part.samples, 0),
    parts: parts.length,
    bytes: content.reduce((sum, piece) => sum + piece.length, 0),
    crc: content.reduce((sum, piece) => crc32(piece, sum), 0),
  };
}

/** Nothing, or all of it, is at the path afterwards, whatever happens on the way. */
async function writeWhole(
  directory: string,
  { path, parts }: { readonly path: string; readonly parts: readonly SegmentPart[] },
): Promise<void> {
  const temporary = join(directory, TEMPORARY);
  try {
    await writeFile(temporary, encodeRemoteSegment(parts));
    renameSync(temporary, path);
    await syncDirectory(directory);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}
