import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Logger } from 'pino';
import { StorageError } from '../../errors.ts';
import { lockDirectory } from '../../outbox/directory-lock.ts';
import { syncDirectory, writeFile } from '../../outbox/durable-file.ts';
import { type OutboxIdentity, openIdentity } from '../../outbox/outbox-identity.ts';
import type { StorageMetrics } from '../metrics.ts';
import { type InsertTable, parseSegmentFileName, type Segment, type SegmentFile, segmentFileName } from './segment.ts';

export interface OutboxOptions {
  readonly directory: string;
  /** Bytes of segments at which `hasRoom` says no. */
  readonly maxBytes: number;
  readonly metrics: StorageMetrics;
  readonly logger: Logger | undefined;
}

/** The rows of one table in a segment, encoded. */
export interface Section {
  readonly table: InsertTable;
  readonly buffers: readonly Uint8Array[];
}

/**
 * The segments that are durable but not in ClickHouse yet, in files, first in first out. In this order because a later sample
 * of the same millisecond must be stored later to win, and because a backlog drains ten times faster than it grows.
 *
 * A file is written under a temporary name, synced and renamed: what has its final name is whole. Should a file be damaged
 * all the same, its name tells. Segments are numbered by epoch (one per opening, durable before it is used) and sequence, so no
 * number is ever used twice, whatever was deleted before a crash; with the store's random id the number makes the token by
 * which ClickHouse recognises a repeated insert.
 */
export class Outbox {
  readonly directory: string;
  readonly maxBytes: number;
  readonly #metrics: StorageMetrics;
  readonly #logger: Logger | undefined;
  readonly #unlock: () => void;
  readonly #store: string;
  readonly #epoch: number;
  #sequence = 0;
  #segments: Segment[] = [];
  #bytes = 0;
  #removed = 0;
  #arrived = latch();

  private constructor(options: OutboxOptions, unlock: () => void, identity: OutboxIdentity) {
    this.directory = options.directory;
    this.maxBytes = options.maxBytes;
    this.#metrics = options.metrics;
    this.#logger = options.logger;
    this.#unlock = unlock;
    this.#store = identity.store;
    this.#epoch = identity.epoch;
    this.#metrics.outboxLimit.set(options.maxBytes);
  }

  /** Opens the directory, made when missing. Throws a StorageError when it cannot or another process has it. */
  static async open(options: OutboxOptions): Promise<Outbox> {
    mkdirSync(join(options.directory, QUARANTINE), { recursive: true });
    const unlock = lockDirectory(options.directory);
    try {
      const outbox = new Outbox(options, unlock, await openIdentity(options.directory));
      outbox.#recover();
      return outbox;
    } catch (error) {
      unlock();
      throw new StorageError('internal', `cannot open the outbox in ${options.directory}`, { cause: error });
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#segments.length;
  }

  /** How many segments have left the outbox since it was opened. */
  get removed(): number {
    return this.#removed;
  }

  /** The oldest segment; undefined when the outbox is empty. */
  get head(): Segment | undefined {
    return this.#segments[0];
  }

  /** Resolves when `head` is or becomes defined. */
  get arrival(): Promise<void> {
    return this.#arrived.promise;
  }

  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.maxBytes;
  }

  pathOf(file: SegmentFile): string {
    return join(this.directory, file.name);
  }

  tokenOf(segment: Segment, file: SegmentFile): string {
    return `${this.#store}-${segment.epoch}-${segment.sequence}-${file.table}`;
  }

  /**
   * Makes a segment durable. One call at a time. Rejects with a StorageError `unavailable` when the disk does not take it; then
   * nothing of it will be inserted.
   */
  async write(sections: readonly Section[], samples: number, lateMetrics?: ReadonlySet<string>): Promise<void> {
    const number = { epoch: this.#epoch, sequence: ++this.#sequence };
    const files: SegmentFile[] = [];
    const stop = this.#metrics.commitSeconds.startTimer();
    const temporaries = sections.map((_, i) => join(this.directory, `${i}.${TEMPORARY}`));
    try {
      await allEnded(sections.map(({ buffers }, i) => writeFile(temporaries[i]!, buffers)));
      // In their order: should only some get their names before a crash, no sample comes without its series.
      for (const [i, { table, buffers }] of sections.entries()) {
        const bytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
        // Of some empty buffers zlib says 0, whatever came before.
        const crc = buffers.reduce((sum, buffer) => (buffer.length === 0 ? sum : crc32(buffer, sum)), 0);
        const name = segmentFileName(number, { table, bytes, crc });
        renameSync(temporaries[i]!, join(this.directory, name));
        files.push({ name, table, bytes, crc });
      }
      await syncDirectory(this.directory);
    } catch (error) {
      for (const path of [...files.map((file) => this.pathOf(file)), ...temporaries]) {
        await rm(path, { force: true }).catch(() => {});
      }
      throw new StorageError('unavailable', `cannot write to the outbox in ${this.directory}`, { cause: error });
    }
    stop();
    this.#add({ ...number, files, samples, lateMetrics, writtenAt: Date.now() });
    this.#metrics.acknowledged.set(number.sequence);
    this.#update();
  }

  /** Removes the head, which is in ClickHouse now. */
  async done(segment: Segment): Promise<void> {
    for (const file of segment.files) await rm(this.pathOf(file), { force: true });
    this.#forget(segment);
    if (segment.epoch === this.#epoch) this.#metrics.inserted.set(segment.sequence);
  }

  /** Puts the head aside, for a person to look at: it can never be inserted. */
  async quarantine(segment: Segment, reason: Error): Promise<void> {
    const place = join(this.directory, QUARANTINE);
    for (const file of segment.files) {
      if (existsSync(this.pathOf(file))) await rename(this.pathOf(file), join(place, file.name));
    }
    this.#forget(segment);
    this.#metrics.quarantined.inc();
    this.#logger?.error(
      { segment: `${segment.epoch}-${segment.sequence}`, samples: segment.samples, place, err: reason },
      'a segment of the outbox cannot be stored and was put aside',
    );
  }

  /** Compares a file with its name: length and checksum. */
  isIntact(file: SegmentFile): boolean {
    try {
      const content = readFileSync(this.pathOf(file));
      return content.length === file.bytes && crc32(content) === file.crc;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** Gives the directory back; call when nothing else runs on it. */
  close(): void {
    this.#unlock();
  }

  /** Takes up what an earlier process left. Reads names and sizes only, so its time does not depend on how much there is. */
  #recover(): void {
    const found = new Map<string, Segment & { files: SegmentFile[] }>();
    for (const name of readdirSync(this.directory).sort()) {
      if (name.endsWith(TEMPORARY)) rmSync(join(this.directory, name), { force: true });
      const parsed = parseSegmentFileName(name);
      if (parsed === undefined) continue;
      const { epoch, sequence, file } = parsed;
      const key = `${epoch}-${sequence}`;
      const writtenAt = statSync(join(this.directory, name)).mtimeMs;
      let segment = found.get(key);
      if (segment === undefined)
        found.set(key, (segment = { epoch, sequence, files: [], samples: 0, lateMetrics: undefined, writtenAt }));
      segment.files.push(file);
    }
    for (const segment of found.values()) this.#add(segment);
    this.#update();
    if (this.length > 0) {
      this.#logger?.info({ segments: this.length, bytes: this.#bytes }, 'the outbox has segments to insert');
    }
  }

  #add(segment: Segment): void {
    this.#segments.push(segment);
    for (const file of segment.files) this.#bytes += file.bytes;
    this.#arrived.resolve();
  }

  #forget(segment: Segment): void {
    if (this.#segments[0] !== segment) throw new Error('only the head of the outbox can be removed');
    this.#segments.shift();
    this.#removed++;
    for (const file of segment.files) this.#bytes -= file.bytes;
    if (this.#segments.length === 0) this.#arrived = latch();
    this.#update();
  }

  #update(): void {
    this.#metrics.outboxBytes.set(this.#bytes);
    this.#metrics.outboxSegments.set(this.#segments.length);
    this.#metrics.outboxOldest.set((this.#segments[0]?.writtenAt ?? 0) / 1000);
  }
}

const TEMPORARY = 'segment.tmp';
const QUARANTINE = 'quarantine';

/** Waits for all, also when some fail; then rejects as the first of those. */
async function allEnded(promises: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) if (result.status === 'rejected') throw result.reason;
}

/** A promise with its resolve. */
function latch(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
