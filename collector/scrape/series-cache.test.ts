import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Appender } from '../../storage/appender.ts';
import { Labels } from '../../storage/labels.ts';
import type { SampleBatch, SeriesRef } from '../../storage/series.ts';
import { ExpositionError } from '../exposition/exposition-error.ts';
import { parseText } from '../exposition/text.ts';
import { compileRelabel, RELABEL_DEFAULTS, type Relabel } from '../relabel.ts';
import { LimitError } from './limit-error.ts';
import { compileSampleLabels, type SampleLabels } from './sample-labels.ts';
import { type IngestCounts, type IngestOptions, IngestScratch, SeriesCache } from './series-cache.ts';

/** Knows what every ref stands for and who holds it. */
class CountingAppender implements Appender {
  readonly #refs = new Map<string, SeriesRef>();
  readonly labels: Labels[] = [];
  readonly holders: number[] = [];
  acquisitions = 0;

  acquire(labels: Labels): SeriesRef {
    this.acquisitions++;
    let ref = this.#refs.get(labels.key);
    if (ref === undefined) {
      ref = this.labels.push(labels) - 1;
      this.#refs.set(labels.key, ref);
      this.holders.push(0);
    }
    this.holders[ref]!++;
    return ref;
  }

  release(refs: Iterable<SeriesRef>): void {
    for (const ref of refs) if (--this.holders[ref]! < 0) throw new Error(`ref ${ref} is released too often`);
  }

  get held(): number {
    return this.holders.reduce((sum, count) => sum + count, 0);
  }

  async append(): Promise<void> {}

  describe(): void {}
}

type Row = [series: string, timestamp: number, value: number | 'stale'];

function rowsOf(batch: SampleBatch, appender: CountingAppender, shown = (labels: Labels) => labels): Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < batch.length; i++) {
    const ref = batch.refs[i]!;
    expect(appender.holders[ref]).toBeGreaterThan(0);
    const value = batch.stale[i] === 1 ? 'stale' : batch.values[i]!;
    rows.push([shown(appender.labels[ref]!).toString(), batch.timestamps[i]!, value]);
  }
  return rows;
}

const NO_LIMITS = { labelLimit: 0, labelNameLengthLimit: 0, labelValueLengthLimit: 0 };
const target = Labels.from({ job: 'j' });
const plain = compileSampleLabels({ target, honorLabels: false, relabel: (labels) => labels, ...NO_LIMITS });
const OPTIONS: IngestOptions = {
  timestamp: 1000,
  minTimestamp: 0,
  maxTimestamp: 1e15,
  honorTimestamps: true,
  trackTimestampsStaleness: false,
  sampleLimit: 0,
  labels: plain,
};

let appender: CountingAppender;
let scratch: IngestScratch;
let cache: SeriesCache;

beforeEach(() => {
  appender = new CountingAppender();
  scratch = new IngestScratch();
  cache = new SeriesCache(appender, scratch);
});

function ingest(page: string, options: Partial<IngestOptions> = {}): { counts: IngestCounts; rows: Row[] } {
  scratch.batch.begin();
  const counts = cache.ingest(Buffer.from(page), { ...OPTIONS, ...options });
  return { counts, rows: rowsOf(scratch.batch, appender) };
}

/** Ingests and commits; the rows' series without the target's label. */
function store(page: string, options: Partial<IngestOptions> = {}): Row[] {
  ingest(page, options);
  const rows = rowsOf(scratch.batch, appender, (labels) => labels.with('job', ''));
  cache.commit();
  return rows;
}

function end(timestamp: number): Row[] {
  scratch.batch.begin();
  cache.endAll(timestamp);
  const rows = rowsOf(scratch.batch, appender);
  cache.commit();
  return rows;
}

describe('a page like the one before', () => {
  const page = (a: number, b: number): string =>
    `# HELP a x\n# TYPE a counter\na{b="c"} ${a}\na{b="d"} ${b}\nbare ${a}\n`;

  it('gives the same refs without acquiring anything', () => {
    ingest(page(1, 2));
    cache.commit();
    const { acquisitions } = appender;
    const table = cache.byteLength;
    const { counts, rows } = ingest(page(3, 4), { timestamp: 2000 });
    cache.commit();
    expect(rows).toEqual([
      ['a{b="c", job="j"}', 2000, 3],
      ['a{b="d", job="j"}', 2000, 4],
      ['bare{job="j"}', 2000, 3],
    ]);
    expect(counts).toMatchObject({ samples: 3, kept: 3, added: 0, metadata: [] });
    expect(appender.acquisitions).toBe(acquisitions);
    expect(cache.byteLength).toBe(table);
  });

  it('may have another layout around the series', () => {
    store(page(1, 2));
    const { acquisitions } = appender;
    store('  # HELP a x\n\n\n# TYPE a counter\n\t a{b="c"}5\n#\na{b="d"}\t6 7 \nbare  8');
    // Only the comment that begins further right is new; the series are not.
    expect(appender.acquisitions).toBe(acquisitions);
  });

  it('is told apart when a series only begins like the one before', () => {
    store('a 1\nb 1\na{} 1\n');
    expect(
      store('ab 1\nb_c 1\na{x="y"} 1\n')
        .slice(0, 3)
        .map(([series]) => series),
    ).toEqual(['ab', 'b_c', 'a{x="y"}']);
    expect(store('a {x="y"} 1\n')[0]![0]).toBe('a{x="y"}');
    store('a 1\n');
    expect(store('a{x="y"} 1\n')[0]![0]).toBe('a{x="y"}');
    store('a 1\n');
    expect(store('a {x="y"} 1\n')[0]![0]).toBe('a{x="y"}');
  });

  it('is told apart by NULs, which as numbers equal negative zeros', () => {
    const page = Buffer.from(`aaaaaaa{b="${'\0'.repeat(24)}"} 1\n`);
    store(page.toString());
    for (let at = page.indexOf(0); page[at] === 0; at++) {
      const other = Buffer.from(page);
      other[at] = 0x80;
      scratch.batch.begin();
      expect(() => cache.ingest(other, OPTIONS)).toThrow('UTF-8');
    }
  });

  it('is recognised with any characters', () => {
    const lines: string[] = [];
    for (let code = 1; code < 0x11_0000; code += 0x531) {
      const character = String.fromCodePoint(code);
      if (!/[\n"\\\p{Surrogate}]/u.test(character)) lines.push(`a{b="\x7f${character}xxxxxxxxxxx"} 1\n`);
    }
    store(lines.join(''));
    const { acquisitions } = appender;
    store(lines.join(''));
    store(lines.reverse().join(''));
    expect(appender.acquisitions).toBe(acquisitions);
  });
});

describe('a page that differs', () => {
  const line = (name: string, value = 1): string => `${name}{l="${name.repeat(5)}"} ${value}\n`;
  const names = (rows: Row[]): string[] => rows.filter(([, , v]) => v !== 'stale').map(([s]) => s.split('{')[0]!);
  const stale = (rows: Row[]): string[] => rows.filter(([, , v]) => v === 'stale').map(([s]) => s.split('{')[0]!);
  const page = (order: string): string => [...order].map((name) => line(name)).join('');

  it.each([
    ['abcdef', 'fedcba'],
    ['abcdef', 'bcdefa'],
    ['abcdef', 'abdef'],
    ['abcdef', 'abcde'],
    ['abcdef', 'bcdef'],
    ['abcdef', 'abcxdef'],
    ['abcdef', 'xabcdef'],
    ['abcdef', 'abcdefx'],
    ['abcdef', 'xyz'],
    ['abcdef', ''],
    ['', 'abc'],
    ['abcdef', 'fxbdya'],
  ])('knows what it has in common: %j, then %j', (first, second) => {
    store(page(first));
    const before = appender.acquisitions;
    const rows = store(page(second));
    expect(names(rows)).toEqual([...second]);
    expect(stale(rows).sort()).toEqual([...first].filter((name) => !second.includes(name)).sort());
    expect(appender.acquisitions - before).toBe([...second].filter((name) => !first.includes(name)).length);
    expect(appender.held).toBe(second.length);
    // And the table is that of the second page.
    const acquisitions = appender.acquisitions;
    expect(names(store(page(second)))).toEqual([...second]);
    expect(appender.acquisitions).toBe(acquisitions);
  });

  it('says what is new about its metrics, and only that', () => {
    const { counts } = ingest('# HELP a x\n# TYPE a counter\na 1\n# TYPE b gauge\n');
    expect(counts.metadata.map(({ metric }) => metric)).toEqual(['a', 'b']);
    cache.commit();
    const second = ingest('# HELP a other\n# TYPE a counter\na 1\n# TYPE b gauge\n').counts.metadata;
    expect(second).toEqual([{ metric: 'a', type: 'counter', help: 'other', unit: '' }]);
    cache.commit();
    expect(cache.metadata()).toHaveLength(2);
  });

  it('reads a bound again when the type before it has changed', () => {
    store('# TYPE a histogram\na_bucket{le="1"} 1\n');
    expect(store('# TYPE a gauge\na_bucket{le="1"} 1\n')).toEqual([
      ['a_bucket{le="1"}', 1000, 1],
      ['a_bucket{le="1.0"}', 1000, 'stale'],
    ]);
    expect(store('# TYPE a histogram\na_bucket{le="1"} 1\n')[0]![0]).toBe('a_bucket{le="1.0"}');
  });
});

describe('repeated series', () => {
  it('counts the first of a series at one time', () => {
    const { counts, rows } = ingest('a 1\na 2\na{} 3\nb 4\n');
    expect(counts).toMatchObject({ samples: 4, kept: 4, duplicates: 2, added: 2 });
    expect(rows.map(([, , value]) => value)).toEqual([1, 4]);
    cache.commit();
    expect(ingest('a 5\na 6\na{} 7\nb 8\n').rows.map(([, , value]) => value)).toEqual([5, 8]);
    cache.commit();
    // One spelling goes, the series stays.
    expect(store('a{} 9\nb 8\n').map(([, , value]) => value)).toEqual([9, 8]);
    expect(store('').filter(([, , value]) => value === 'stale')).toHaveLength(2);
    expect(appender.held).toBe(0);
  });

  it('takes a series several times at several times', () => {
    const { counts, rows } = ingest('a 1 10\na 2 20\na 3 10\na 4\na 5 30\n');
    expect(rows.map(([, timestamp, value]) => [timestamp, value])).toEqual([
      [10, 1],
      [20, 2],
      [1000, 4],
      [30, 5],
    ]);
    expect(counts.duplicates).toBe(1);
  });

  it('does not slow down over a page of one series', () => {
    const page = 'a{b="c"} 1\n'.repeat(50_000);
    expect(ingest(page).counts.duplicates).toBe(49_999);
    cache.commit();
    expect(ingest(`b 1\n${page}`).counts.duplicates).toBe(49_999);
  });

  it('finds series that relabelling made one', () => {
    const relabel = compileRelabel([{ ...RELABEL_DEFAULTS, action: 'labeldrop', regex: 'b' }]);
    const labels = compileSampleLabels({ target, honorLabels: false, relabel, ...NO_LIMITS });
    expect(store('a{b="1"} 1\na{b="2"} 2\n', { labels })).toEqual([['a', 1000, 1]]);
    // The one that was stored is gone, the other takes its place.
    expect(store('a{b="2"} 3\n', { labels })).toEqual([['a', 1000, 3]]);
  });
});

describe('staleness', () => {
  it('ends a failed target once and goes on afterwards', () => {
    store('a 1\nb 1\n');
    expect(end(2000).map(([, time, value]) => [time, value])).toEqual([
      [2000, 'stale'],
      [2000, 'stale'],
    ]);
    expect(end(3000)).toEqual([]);
    const { counts, rows } = ingest('a 2\n', { timestamp: 4000 });
    expect(rows).toEqual([['a{job="j"}', 4000, 2]]);
    expect(counts.added).toBe(0);
    cache.commit();
    expect(appender.held).toBe(1);
  });

  it('leaves series with timestamps alone, unless it is told otherwise', () => {
    store('a 1 5\nb 1\n');
    expect(store('').map(([series]) => series)).toEqual(['b']);
    store('a 1 5\n', { trackTimestampsStaleness: true });
    expect(store('', { timestamp: 7 })).toEqual([['a', 7, 'stale']]);
    store('a 1 5\n', { honorTimestamps: false });
    expect(store('')).toEqual([['a', 1000, 'stale']]);
  });

  it('notices that a series got a timestamp, or lost it', () => {
    store('a 1\nb 1 5\n');
    store('a 1 5\nb 1\n');
    expect(store('').map(([series]) => series)).toEqual(['b']);
  });
});

describe('what is not stored leaves no trace', () => {
  it('when the storage refuses a page', () => {
    store('a 1\nb 1\n');
    ingest('b 2\nc 2\n');
    cache.rollback();
    expect(appender.held).toBe(2);
    const rows = store('b 3\nc 3\n');
    expect(rows).toEqual([
      ['b', 1000, 3],
      ['c', 1000, 3],
      ['a', 1000, 'stale'],
    ]);
  });

  it('when the storage refuses stale markers', () => {
    store('a 1\n');
    scratch.batch.begin();
    cache.endAll(2000);
    cache.rollback();
    expect(end(3000)).toEqual([['a{job="j"}', 3000, 'stale']]);
  });

  it('when a page is malformed, however late', () => {
    store('a 1\n');
    const held = appender.held;
    expect(() => ingest('b 1\nc{x="y"} 1\nd nonsense\n')).toThrow(ExpositionError);
    expect(appender.held).toBe(held);
    expect(end(2000)).toEqual([['a{job="j"}', 2000, 'stale']]);
  });

  it('when a page is cut anywhere', () => {
    const page = Buffer.from('# TYPE a counter\na{b="c"} 12 34\na{b="d\\"e"} 5\n');
    store('x 1\n');
    for (let length = 0; length < page.length; length++) {
      scratch.batch.begin();
      try {
        cache.ingest(page.subarray(0, length), OPTIONS);
      } catch (error) {
        expect(error).toBeInstanceOf(ExpositionError);
      }
      cache.rollback();
      expect(appender.held).toBe(1);
    }
  });
});

describe('limits', () => {
  it('counts samples after relabelling and says how many there are', () => {
    const relabel = compileRelabel([{ ...RELABEL_DEFAULTS, action: 'drop', sourceLabels: ['__name__'], regex: 'x.*' }]);
    const labels = compileSampleLabels({ target, honorLabels: false, relabel, ...NO_LIMITS });
    const page = 'x1 1\na 1\nx2 1\nb 1\n';
    expect(ingest(page, { labels, sampleLimit: 2 }).counts).toMatchObject({ samples: 4, kept: 2, added: 2 });
    cache.commit();
    const over = (() => {
      try {
        ingest(`${page}c 1\nd 1\n`, { labels, sampleLimit: 2 });
      } catch (error) {
        return error as LimitError;
      }
    })();
    expect(over).toBeInstanceOf(LimitError);
    expect(over!.message).toBe('sample limit exceeded: the page has 4 samples after relabelling, sample_limit is 2');
    expect(over!.page).toEqual({ samples: 6, kept: 4 });
    expect(appender.held).toBe(2);
  });

  it('leaves out samples of other times', () => {
    const page = 'a 1 2001\nb 1 2000\nc 1 1000\nd 1 999\n';
    const { counts, rows } = ingest(page, { minTimestamp: 1000, maxTimestamp: 2000 });
    expect(rows).toEqual([
      ['b{job="j"}', 2000, 1],
      ['c{job="j"}', 1000, 1],
    ]);
    expect(counts).toMatchObject({ kept: 4, outOfBounds: 2 });
  });

  it('does not look at the labels of what is dropped for its name', () => {
    let asked = 0;
    const relabel: Relabel = (labels) => {
      asked++;
      return labels;
    };
    const dropsMetric = (name: string) => name === 'x';
    const labels = compileSampleLabels({ target, honorLabels: false, relabel, dropsMetric, ...NO_LIMITS });
    const page = 'x{a="1"} 1\nx 2\nx{b="1"} 3\nxy{a="1"} 4\n{"x",a="2"} 5\ny 6\n';
    for (let round = 0; round < 2; round++) {
      expect(ingest(page, { labels }).counts).toMatchObject({ samples: 6, kept: 3 });
      cache.commit();
    }
    expect(asked).toBe(3);
  });

  it('remembers what relabelling drops', () => {
    let calls = 0;
    const relabel: Relabel = (labels) => {
      calls++;
      return labels.metric === 'b' ? undefined : labels;
    };
    const labels = compileSampleLabels({ target, honorLabels: false, relabel, ...NO_LIMITS });
    for (let i = 0; i < 3; i++) expect(store('a 1\nb 1\n', { labels })).toEqual([['a', 1000, 1]]);
    expect(calls).toBe(2);
    expect(store('a 1\n', { labels })).toEqual([['a', 1000, 1]]);
  });
});

describe('invalidate', () => {
  it('relabels every series again and ends those that became others', () => {
    store('a 1\nb 1\n');
    cache.invalidate();
    const labels: SampleLabels = (scraped) => {
      if (scraped.get('__name__') === 'b') scraped.set('__name__', 'c');
      return plain(scraped);
    };
    expect(store('a 2\nb 2\n', { labels })).toEqual([
      ['a', 1000, 2],
      ['c', 1000, 2],
      ['b', 1000, 'stale'],
    ]);
    expect(appender.held).toBe(2);
    const { acquisitions } = appender;
    store('a 3\nb 3\n', { labels });
    expect(appender.acquisitions).toBe(acquisitions);
  });

  it('outlasts a failure and a refusal', () => {
    store('a 1\n');
    cache.invalidate();
    end(2000);
    const labels: SampleLabels = (scraped) => plain(scraped)!.with('new', 'x');
    ingest('a 2\n', { labels });
    cache.rollback();
    expect(ingest('a 2\n', { labels }).rows).toEqual([['a{job="j", new="x"}', 1000, 2]]);
  });
});

/**
 * Any sequence of pages, failures and refusals against the plain way to do it: parse each page afresh, and keep the set
 * of series that are alive.
 */
describe('against a model', () => {
  const SPELLINGS = [
    'a',
    'a{}',
    'b',
    'bb',
    'a{x="1"}',
    'a{x="1",}',
    'a{ x="1" }',
    'a {x="1"}',
    'a{x="1",y="2"}',
    'a{y="2",x="1"}',
    'a{x=""}',
    '{"a"}',
    '{"a.b"}',
    '{"a.b",x="1"}',
    'a{x="\\""}',
    'a{x="}"}',
    'a{x="\n"}',
    'a{x="\0"}',
    'a{x="\0\0\0\0\0\0\0\0\0\0\0\0"}',
    'a{x="é"}',
    'h_bucket{le="1"}',
    'h_bucket{le="1.0"}',
    's{quantile="1"}',
    'dropped',
    'dropped{x="1"}',
    'a{job="own"}',
    'long_enough_for_words{x="0123456789",y="0123456789"}',
    'long_enough_for_words{x="0123456789",y="0123456788"}',
  ];
  const META = [
    '# TYPE h histogram',
    '# TYPE s summary',
    '# TYPE a gauge',
    '# HELP a x',
    '# HELP a y',
    '# comment',
    '',
  ];
  const relabel = compileRelabel([
    { ...RELABEL_DEFAULTS, action: 'drop', sourceLabels: ['__name__'], regex: 'dropped' },
    { ...RELABEL_DEFAULTS, action: 'labeldrop', regex: 'y' },
  ]);
  const labelsOf = compileSampleLabels({ target, honorLabels: false, relabel, ...NO_LIMITS });
  const renamed: SampleLabels = (scraped) => labelsOf(scraped)?.with('renamed', 'yes');

  const line = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.constantFrom(...SPELLINGS), fc.constantFrom('', '', '', ' 500', ' 600')) },
    { weight: 1, arbitrary: fc.constantFrom(...META).map((meta) => [meta, undefined] as const) },
  );
  const edit = fc.record({
    kind: fc.constantFrom('insert', 'remove', 'swap', 'repeat', 'replace'),
    at: fc.nat(40),
    to: fc.nat(40),
    line,
  });
  const step = fc.record({
    edits: fc.array(edit, { maxLength: 4 }),
    shuffle: fc.constantFrom(false, false, false, true),
    outcome: fc.constantFrom('store', 'store', 'store', 'store', 'refuse', 'fail', 'malformed', 'rename'),
    honorTimestamps: fc.boolean(),
  });

  it('stores what a fresh parse would', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 25 }), fc.array(step, { maxLength: 12 }), (first, steps) => {
        const appender = new CountingAppender();
        const scratch = new IngestScratch();
        const cache = new SeriesCache(appender, scratch);
        const lines = [...first];
        let alive = new Set<string>();
        let labels: SampleLabels = labelsOf;
        for (const [i, { edits, shuffle, outcome, honorTimestamps }] of steps.entries()) {
          const timestamp = 1000 * (i + 1);
          for (const { kind, at, to, line: other } of edits) {
            const a = lines.length === 0 ? 0 : at % lines.length;
            const b = lines.length === 0 ? 0 : to % lines.length;
            if (kind === 'insert') lines.splice(a, 0, other);
            else if (lines.length === 0) continue;
            else if (kind === 'remove') lines.splice(a, 1);
            else if (kind === 'repeat') lines.splice(b, 0, lines[a]!);
            else if (kind === 'replace') lines[a] = other;
            else [lines[a], lines[b]] = [lines[b]!, lines[a]!];
          }
          if (shuffle) lines.reverse();
          if (outcome === 'rename') {
            labels = labels === labelsOf ? renamed : labelsOf;
            cache.invalidate();
          }
          const text = lines
            .map(([series, time], n) => (time === undefined ? series : `${series} ${timestamp + n}${time}`))
            .join('\n');
          const page = Buffer.from(outcome === 'malformed' ? `${text}\nbroken` : text);

          const expected: Row[] = [];
          const next = new Set<string>();
          if (outcome !== 'fail' && outcome !== 'malformed') {
            const seen = new Set<string>();
            for (const sample of parseText(page).samples) {
              const series = labels(new Map(sample.labels))?.toString();
              if (series === undefined) continue;
              const isTimed = honorTimestamps && sample.timestamp !== undefined;
              const time = isTimed ? sample.timestamp! : timestamp;
              if (!isTimed) next.add(series);
              if (seen.has(`${series} ${time}`)) continue;
              seen.add(`${series} ${time}`);
              expected.push([series, time, sample.value]);
            }
          }
          const present = new Set(expected.map(([series]) => series));
          for (const series of alive) if (!present.has(series)) expected.push([series, timestamp, 'stale']);

          scratch.batch.begin();
          let failed = outcome === 'fail';
          if (!failed) {
            try {
              cache.ingest(page, { ...OPTIONS, timestamp, honorTimestamps, labels });
            } catch (error) {
              expect(error).toBeInstanceOf(ExpositionError);
              expect(outcome).toBe('malformed');
              failed = true;
            }
          }
          if (failed) {
            scratch.batch.begin();
            cache.endAll(timestamp);
          }
          const byText = (a: Row, b: Row): number => (String(a) < String(b) ? -1 : 1);
          expect(rowsOf(scratch.batch, appender).sort(byText)).toEqual(expected.sort(byText));
          if (outcome === 'refuse') {
            cache.rollback();
          } else {
            cache.commit();
            alive = next;
          }
        }
        cache.clear();
        expect(appender.held).toBe(0);
      }),
      { numRuns: 1500 },
    );
  });
});
