import type { Appender } from '../../storage/appender.ts';
import type { Metadata, SeriesRef } from '../../storage/series.ts';
import { canonicalFloat } from '../exposition/go-float.ts';
import { MetadataBuilder, parseMetaLine } from '../exposition/meta-line.ts';
import { parseSeries } from '../exposition/series-text.ts';
import { END, isBlank, LINE_FEED, META, OPEN_BRACE, TextReader } from '../exposition/text-reader.ts';
import type { DropsMetric } from '../relabel.ts';
import { hashBytes, KeyIndex } from './key-index.ts';
import { LimitError } from './limit-error.ts';
import type { SampleLabels } from './sample-labels.ts';
import type { SampleTap } from './sample-tap.ts';
import { ScrapeBatch } from './scrape-batch.ts';
import {
  ANY_TYPE,
  HAS_NUL,
  IS_BARE,
  IS_DROPPED,
  IS_META,
  IS_REWRITTEN,
  IS_TRACKED,
  NO_REF,
  OF_HISTOGRAM,
  OF_OTHER,
  OF_SUMMARY,
  SeriesTable,
} from './series-table.ts';
import { TableDraft } from './table-draft.ts';

/** What taking a page apart needs beside the page. One serves all targets of an Appender: only one page is open at a time. */
export class IngestScratch {
  readonly batch = new ScrapeBatch();
  readonly reader = new TextReader();
  readonly index = new KeyIndex();
  readonly draft = new TableDraft();
}

/** How a page's samples are to be taken. */
export interface IngestOptions {
  /** The time of samples that have none of their own. */
  readonly timestamp: number;
  /** Samples outside of these times are left out and counted. */
  readonly minTimestamp: number;
  readonly maxTimestamp: number;
  readonly honorTimestamps: boolean;
  readonly trackTimestampsStaleness: boolean;
  /** 0 means no limit. */
  readonly sampleLimit: number;
  readonly labels: SampleLabels;
}

/** What a page had. */
export interface IngestCounts {
  /** Samples on the page. */
  readonly samples: number;
  /** Those that relabelling left. */
  readonly kept: number;
  /** Series that the page before did not have. */
  readonly added: number;
  /** Samples left out because their series came before at the same time. */
  readonly duplicates: number;
  /** Samples left out because of their time. */
  readonly outOfBounds: number;
  /** What HELP and TYPE lines say that the page before did not. */
  readonly metadata: readonly Metadata[];
}

/** What `commit` makes true. */
interface Pending {
  readonly table: SeriesTable;
  readonly isLive: boolean;
  readonly acquired: readonly SeriesRef[];
  readonly released: readonly SeriesRef[];
}

/**
 * Turns the pages of one target into samples, and remembers the series of the last page with the refs that the Appender
 * gave for them.
 *
 * Pages of a target hardly differ but in their values. So the text of each line's series is compared with that of the
 * same line of the last page; when it is equal, which it nearly always is, the ref is known, and nothing is parsed but
 * the value. When lines moved, came or went, they are found by a hash. Only a series that the last page did not have is
 * parsed, relabelled and acquired.
 *
 * A page is taken in two steps, so that what the Appender refuses leaves no trace: `ingest` (or `endAll`) fills the batch,
 * then `commit` or `rollback` is called. The next page rolls back what is pending.
 */
export class SeriesCache {
  readonly #appender: Appender;
  readonly #scratch: IngestScratch;
  readonly #tap: SampleTap | undefined;
  #table = SeriesTable.EMPTY;
  /** Whether the last thing appended for the tracked series of the table was a sample, not a stale marker. */
  #isLive = false;
  /** Whether the refs in the table are still those of its texts. */
  #isValid = true;
  #pending: Pending | undefined;

  /** The tap is told of series that are acquired and released, and of nothing else. */
  constructor(appender: Appender, scratch: IngestScratch, tap?: SampleTap) {
    this.#appender = appender;
    this.#scratch = scratch;
    this.#tap = tap;
  }

  /** Lines in the table. */
  get rows(): number {
    return this.#table.length;
  }

  /** Whether the next page will cost much: none of its series is known, or all are to be looked at anew. */
  get isNew(): boolean {
    return this.#table.length === 0 || !this.#isValid;
  }

  /** Bytes of memory. */
  get byteLength(): number {
    return this.#table.byteLength;
  }

  /** The meaning of the texts has changed (relabelling, limits): every series is looked at anew with the next page. */
  invalidate(): void {
    this.#isValid = false;
  }

  /**
   * Adds the page's samples to the scratch's batch, and stale markers for tracked series that it no longer has. Throws an
   * ExpositionError, a LimitError or what `labels` throws; then nothing is pending and the batch must not be appended.
   */
  ingest(page: Uint8Array, options: IngestOptions): IngestCounts {
    this.rollback();
    const acquired: SeriesRef[] = [];
    try {
      return this.#ingest(page, options, acquired);
    } catch (error) {
      this.#release(acquired);
      throw error;
    } finally {
      this.#scratch.reader.finish();
      this.#scratch.draft.clear();
      this.#scratch.index.clear();
    }
  }

  #ingest(page: Uint8Array, options: IngestOptions, acquired: SeriesRef[]): IngestCounts {
    const { reader, batch, draft, index } = this.#scratch;
    const {
      timestamp,
      minTimestamp,
      maxTimestamp,
      honorTimestamps,
      trackTimestampsStaleness,
      labels: labelsOf,
    } = options;
    const { dropsMetric } = labelsOf;
    const sampleLimit = options.sampleLimit > 0 ? options.sampleLimit : Number.POSITIVE_INFINITY;
    const table = this.#isValid ? this.#table : SeriesTable.EMPTY;
    const { length: rows, lengths, refs, flags: flagsColumn } = table;
    let samples = 0;
    let kept = 0;
    let added = 0;
    let duplicates = 0;
    let outOfBounds = 0;
    let described: Set<string> | undefined;
    /** OF_HISTOGRAM, OF_SUMMARY or OF_OTHER of the last TYPE line. */
    let type = 0;
    /** The row that the next line should be. */
    let row = 0;
    let isIndexed = false;

    reader.start(page);
    const { bytes, view, end } = reader;
    for (let entry = reader.next(); entry !== END; entry = reader.next()) {
      const start = reader.pos;
      let found = -1;
      if (row < rows) {
        const keyEnd = start + lengths[row]!;
        if (
          keyEnd <= end &&
          table.isAt(row, view, start) &&
          endsKey(flagsColumn[row]!, bytes, keyEnd) &&
          suitsType(flagsColumn[row]!, type) &&
          !(draft.isActive && draft.isUsed(row))
        ) {
          found = row;
          reader.pos = keyEnd;
        }
      }

      let hash = 0;
      let keyEnd = 0;
      if (found < 0) {
        // The page differs from the last one here.
        keyEnd = entry === META ? reader.lineEnd(start) : reader.scanSeries();
        reader.pos = keyEnd;
        hash = hashBytes(view, start, keyEnd);
        if (!draft.isActive) draft.begin(table, row);
        if (rows > 0) {
          if (!isIndexed) index.fill(table);
          isIndexed = true;
          found = index.find(view, { start, end: keyEnd, hash });
          if (found >= 0 && (draft.isUsed(found) || !suitsType(flagsColumn[found]!, type))) found = -1;
        }
      }

      if (entry === META) {
        let flags: number;
        if (found >= 0) {
          flags = flagsColumn[found]!;
          if (draft.isActive) draft.keep(found, flags);
          row = found + 1;
        } else {
          const line = parseMetaLine(reader, start, keyEnd);
          described ??= new Set();
          described.add(line.metric);
          flags = IS_META | typeFlag(line.type) | nulFlag(bytes, start, keyEnd);
          draft.add({ start, end: keyEnd, hash, ref: NO_REF, flags });
        }
        if ((flags & ANY_TYPE) !== 0) type = flags & ANY_TYPE;
        continue;
      }

      samples++;
      let ref: SeriesRef;
      let flags: number;
      if (found >= 0) {
        ref = refs[found]!;
        flags = flagsColumn[found]!;
      } else if (dropsMetric !== undefined && isDroppedByName(reader, { start, keyEnd }, dropsMetric)) {
        ref = NO_REF;
        flags = IS_DROPPED | (bytes[keyEnd - 1] === CLOSE ? 0 : IS_BARE) | nulFlag(bytes, start, keyEnd);
      } else {
        const labels = parseSeries(reader, start, keyEnd);
        flags = (bytes[keyEnd - 1] === CLOSE ? 0 : IS_BARE) | nulFlag(bytes, start, keyEnd) | floatFlags(labels, type);
        const final = labelsOf(labels);
        if (final === undefined) {
          ref = NO_REF;
          flags |= IS_DROPPED;
        } else if (kept < sampleLimit) {
          ref = this.#appender.acquire(final);
          acquired.push(ref);
          this.#tap?.acquired(ref, final);
          if (!batch.has(ref)) added++;
        } else {
          ref = NO_REF;
        }
      }

      reader.readSample();
      if ((flags & IS_DROPPED) === 0) {
        const isTimed = honorTimestamps && reader.hasTimestamp;
        const time = isTimed ? reader.timestamp : timestamp;
        if (++kept <= sampleLimit) {
          if (time > maxTimestamp || time < minTimestamp) outOfBounds++;
          else if (!batch.add(ref, time, reader.value)) duplicates++;
        }
        const tracked = isTimed && !trackTimestampsStaleness ? flags & ~IS_TRACKED : flags | IS_TRACKED;
        if (tracked !== flags && !draft.isActive) draft.begin(table, row);
        flags = tracked;
      }
      if (found < 0) {
        draft.add({ start, end: keyEnd, hash, ref, flags });
      } else {
        if (draft.isActive) draft.keep(found, flags);
        row = found + 1;
      }
    }

    if (kept > sampleLimit) {
      throw new LimitError(
        'sample_limit',
        `sample limit exceeded: the page has ${kept} samples after relabelling, sample_limit is ${sampleLimit}`,
        { samples, kept },
      );
    }
    if (!draft.isActive && (row < rows || table !== this.#table)) draft.begin(table, row);
    const next = draft.isActive ? draft.build(bytes, view) : table;
    const released = this.#endMissing(timestamp);
    this.#pending = { table: next, isLive: true, acquired, released };
    const metadata = described === undefined ? [] : metadataOf(next, (metric) => described.has(metric));
    return { samples, kept, added, duplicates, outOfBounds, metadata };
  }

  /** Adds stale markers for the tracked series that the page does not have; returns the refs of all that it has not. */
  #endMissing(timestamp: number): SeriesRef[] {
    const { batch, draft } = this.#scratch;
    const table = this.#table;
    const released: SeriesRef[] = [];
    if (!draft.isActive) return released;
    for (let row = 0; row < table.length; row++) {
      if (!table.hasSeries(row) || (this.#isValid && draft.isUsed(row))) continue;
      released.push(table.refs[row]!);
      if (this.#isLive && (table.flags[row]! & IS_TRACKED) !== 0) batch.addStale(table.refs[row]!, timestamp);
    }
    return released;
  }

  /** Adds stale markers for all tracked series: the target failed, or is gone. The series are remembered. */
  endAll(timestamp: number): void {
    this.rollback();
    const table = this.#table;
    if (this.#isLive) {
      for (let row = 0; row < table.length; row++) {
        if (table.hasSeries(row) && (table.flags[row]! & IS_TRACKED) !== 0) {
          this.#scratch.batch.addStale(table.refs[row]!, timestamp);
        }
      }
    }
    this.#pending = { table, isLive: false, acquired: [], released: [] };
  }

  /** What `ingest` or `endAll` added to the batch was appended. */
  commit(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    // After endAll the table is as invalid as before.
    this.#isValid ||= pending.isLive;
    this.#table = pending.table;
    this.#isLive = pending.isLive;
    this.#release(pending.released);
  }

  /** What `ingest` or `endAll` added to the batch was not appended: everything is as before. */
  rollback(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) return;
    if (pending.isLive && this.#table.length === 0) {
      // What was learned of a first page is kept: nothing of it was appended, so nothing has to end.
      this.#table = pending.table;
      this.#isLive = false;
      return;
    }
    this.#release(pending.acquired);
  }

  /** Forgets all series and gives their refs back. */
  clear(): void {
    this.rollback();
    const table = this.#table;
    const refs: SeriesRef[] = [];
    for (let row = 0; row < table.length; row++) if (table.hasSeries(row)) refs.push(table.refs[row]!);
    this.#table = SeriesTable.EMPTY;
    this.#isLive = false;
    this.#isValid = true;
    this.#release(refs);
  }

  #release(refs: readonly SeriesRef[]): void {
    if (this.#tap !== undefined) for (const ref of refs) this.#tap.released(ref);
    this.#appender.release(refs);
  }

  /** What the last page's HELP and TYPE lines say. */
  metadata(): Metadata[] {
    return metadataOf(this.#table, () => true);
  }
}

const CLOSE = 0x7d;

/** Whether the series of this row are dropped for their name, which stands before the braces. */
function isDroppedByName(
  reader: TextReader,
  { start, keyEnd }: { start: number; keyEnd: number },
  drops: DropsMetric,
): boolean {
  const { bytes } = reader;
  let end = start;
  while (end < keyEnd && isNameByte(bytes[end]!)) end++;
  if (end === start || (end < keyEnd && bytes[end] !== OPEN_BRACE && !isBlank(bytes[end]!))) return false;
  return drops(reader.asciiText(start, end));
}

/** A letter, digit, underscore or colon. */
function isNameByte(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f || (byte >= 0x30 && byte <= 0x3a) || (byte >= 0x41 && byte <= 0x5a)
  );
}

/** Whether a row's key, found in the page up to `keyEnd`, is the whole key there. */
function endsKey(flags: number, bytes: Uint8Array, keyEnd: number): boolean {
  if ((flags & (IS_META | IS_BARE)) === 0) return true;
  const end = bytes.length;
  if ((flags & IS_META) !== 0) return keyEnd === end || bytes[keyEnd] === LINE_FEED;
  // A bare name may go on, or braces may follow it.
  let pos = keyEnd;
  while (pos < end && isBlank(bytes[pos]!)) pos++;
  return pos > keyEnd && pos < end && bytes[pos] !== OPEN_BRACE;
}

/** Whether a row's labels are those that its text has behind a TYPE line of this type. */
function suitsType(flags: number, type: number): boolean {
  if ((flags & (OF_HISTOGRAM | OF_SUMMARY)) === 0 || (flags & IS_META) !== 0) return true;
  return ((flags & type & (OF_HISTOGRAM | OF_SUMMARY)) !== 0) === ((flags & IS_REWRITTEN) !== 0);
}

function typeFlag(type: string | undefined): number {
  if (type === undefined) return 0;
  return type === 'histogram' ? OF_HISTOGRAM : type === 'summary' ? OF_SUMMARY : OF_OTHER;
}

/** Rewrites the bound of a bucket or the quantile, where the type says that it is one. */
function floatFlags(labels: Map<string, string>, type: number): number {
  let flags = 0;
  for (const [name, ofType] of FLOAT_LABELS) {
    const value = labels.get(name);
    if (value === undefined) continue;
    const canonical = canonicalFloat(value);
    if (canonical === value) continue;
    flags |= ofType;
    if (type !== ofType) continue;
    labels.set(name, canonical);
    flags |= IS_REWRITTEN;
  }
  return flags;
}

const FLOAT_LABELS = [
  ['le', OF_HISTOGRAM],
  ['quantile', OF_SUMMARY],
] as const;

function nulFlag(bytes: Uint8Array, start: number, end: number): number {
  for (let pos = start; pos < end; pos++) if (bytes[pos] === 0) return HAS_NUL;
  return 0;
}

function metadataOf(table: SeriesTable, wanted: (metric: string) => boolean): Metadata[] {
  const reader = new TextReader();
  const builder = new MetadataBuilder();
  for (let row = 0; row < table.length; row++) {
    if ((table.flags[row]! & IS_META) === 0) continue;
    const line = table.key(row);
    reader.start(line);
    builder.add(parseMetaLine(reader, 0, line.length));
  }
  return builder.finish(wanted);
}
