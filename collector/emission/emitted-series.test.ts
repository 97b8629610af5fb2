import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Appender } from '../../storage/appender.ts';
import { StorageError } from '../../storage/errors.ts';
import { Labels } from '../../storage/labels.ts';
import type { Metadata, SampleBatch, SeriesRef } from '../../storage/series.ts';
import { EmittedSeries, type Slot } from './emitted-series.ts';

/** Holds every append until it is told what becomes of it, and writes down what was taken: `a 5@1000`, `a stale@2000`. */
class GatedAppender implements Appender {
  readonly #names: (string | undefined)[] = [];
  readonly #refs = new Map<string, SeriesRef>();
  readonly holders = new Map<string, number>();
  readonly taken: string[] = [];
  readonly sizes: number[] = [];
  readonly waiting: ((outcome: 'take' | 'refuse') => void)[] = [];
  isOpen = true;

  acquire(labels: Labels): SeriesRef {
    const name = labels.metric;
    this.holders.set(name, (this.holders.get(name) ?? 0) + 1);
    const ref = this.#refs.get(name) ?? this.#names.push(name) - 1;
    this.#refs.set(name, ref);
    return ref;
  }

  release(refs: Iterable<SeriesRef>): void {
    for (const ref of refs) {
      const name = this.#names[ref]!;
      const left = this.holders.get(name)! - 1;
      this.holders.delete(name);
      if (left > 0) {
        this.holders.set(name, left);
        continue;
      }
      this.#names[ref] = undefined;
      this.#refs.delete(name);
    }
  }

  append(batch: SampleBatch): Promise<void> {
    const lines: string[] = [];
    for (let i = 0; i < batch.length; i++) {
      const name = this.#names[batch.refs[i]!];
      if (name === undefined) throw new Error(`ref ${batch.refs[i]} is not acquired`);
      const value = batch.stale[i] === 1 ? 'stale' : String(batch.values[i]);
      lines.push(`${name} ${value}@${batch.timestamps[i]}`);
    }
    this.sizes.push(batch.length);
    return new Promise((resolve, reject) => {
      const settle = (outcome: 'take' | 'refuse'): void => {
        if (outcome === 'refuse') reject(new StorageError('full', 'no room'));
        else {
          this.taken.push(...lines);
          resolve();
        }
      };
      if (this.isOpen) settle('take');
      else this.waiting.push(settle);
    });
  }

  describe(_: readonly Metadata[]): void {}
}

const named = (name: string): Labels => Labels.from({ __name__: name });

function setUp(): { series: EmittedSeries; appender: GatedAppender } {
  const appender = new GatedAppender();
  return { appender, series: new EmittedSeries(appender) };
}

function openWith(series: EmittedSeries, name: string, value: number): Slot {
  const slot = series.open(named(name));
  series.set(slot, value);
  return slot;
}

/** Until what was started has come as far as it can. */
const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe('EmittedSeries', () => {
  it('says every value at one time, and says it again until it changes', async () => {
    const { series, appender } = setUp();
    const a = openWith(series, 'a', 1);
    openWith(series, 'b', Number.NaN);
    series.open(named('c'));
    expect(await series.emit(1000)).toBe(2);
    series.set(a, 2);
    expect(await series.emit(2000)).toBe(2);
    expect(appender.taken).toEqual(['a 1@1000', 'b NaN@1000', 'a 2@2000', 'b NaN@2000']);
    expect(series.size).toBe(3);
  });

  it('ends what is closed or has no value any more, once', async () => {
    const { series, appender } = setUp();
    const a = openWith(series, 'a', 1);
    const b = openWith(series, 'b', 2);
    await series.emit(1000);
    series.close(a);
    series.clear(b);
    expect(series.size).toBe(1);
    expect(await series.emit(2000)).toBe(2);
    expect(await series.emit(3000)).toBe(0);
    series.set(b, 3);
    await series.emit(4000);
    expect(appender.taken.slice(2)).toEqual(['a stale@2000', 'b stale@2000', 'b 3@4000']);
    expect([...appender.holders]).toEqual([['b', 1]]);
  });

  it('says nothing of what was closed before it was ever said', async () => {
    const { series, appender } = setUp();
    series.close(openWith(series, 'a', 1));
    expect(await series.emit(1000)).toBe(0);
    expect(appender.holders.size).toBe(0);
  });

  it('goes on with a series that is opened again before its end was said', async () => {
    const { series, appender } = setUp();
    const a = openWith(series, 'a', 1);
    await series.emit(1000);
    series.close(a);
    const again = series.open(named('a'));
    series.set(again, 2);
    await series.emit(2000);
    expect(appender.taken).toEqual(['a 1@1000', 'a 2@2000']);
    expect(appender.holders.get('a')).toBe(1);
  });

  it('ends a series that was opened again without a value', async () => {
    const { series, appender } = setUp();
    const a = openWith(series, 'a', 1);
    await series.emit(1000);
    series.close(a);
    series.open(named('a'));
    await series.emit(2000);
    expect(appender.taken).toEqual(['a 1@1000', 'a stale@2000']);
    expect(series.size).toBe(1);
  });

  it('says again what was refused', async () => {
    const { series, appender } = setUp();
    const a = openWith(series, 'a', 1);
    await series.emit(1000);
    series.close(a);
    appender.isOpen = false;
    const refused = series.emit(2000);
    await turns();
    appender.waiting.pop()!('refuse');
    await expect(refused).rejects.toMatchObject({ kind: 'full' });
    appender.isOpen = true;
    await series.emit(3000);
    expect(appender.taken).toEqual(['a 1@1000', 'a stale@3000']);
    expect(appender.holders.size).toBe(0);
  });

  it('ends a series that was closed while its first sample was on its way', async () => {
    const { series, appender } = setUp();
    const a = openWith(series, 'a', 1);
    appender.isOpen = false;
    const emission = series.emit(1000);
    await turns();
    series.close(a);
    expect(appender.holders.get('a')).toBe(1);
    appender.waiting.pop()!('take');
    await emission;
    appender.isOpen = true;
    await series.emit(2000);
    expect(appender.taken).toEqual(['a 1@1000', 'a stale@2000']);
    expect(appender.holders.size).toBe(0);
  });

  it('says nothing more of one that was closed while its first sample was on its way and was refused', async () => {
    const { series, appender } = setUp();
    const a = openWith(series, 'a', 1);
    appender.isOpen = false;
    const emission = series.emit(1000);
    await turns();
    series.close(a);
    appender.waiting.pop()!('refuse');
    await expect(emission).rejects.toThrow('no room');
    expect(appender.holders.size).toBe(0);
    expect(await series.emit(2000)).toBe(0);
  });

  it('goes on with a series that is opened again while its stale marker is on its way', async () => {
    const { series, appender } = setUp();
    const a = openWith(series, 'a', 1);
    await series.emit(1000);
    series.close(a);
    appender.isOpen = false;
    const emission = series.emit(2000);
    await turns();
    const again = openWith(series, 'a', 2);
    appender.waiting.pop()!('take');
    await emission;
    appender.isOpen = true;
    await series.emit(3000);
    series.close(again);
    await series.emit(4000);
    expect(appender.taken).toEqual(['a 1@1000', 'a stale@2000', 'a 2@3000', 'a stale@4000']);
  });

  it('uses a free slot for another series', async () => {
    const { series } = setUp();
    const a = openWith(series, 'a', 1);
    series.close(a);
    expect(series.open(named('b'))).toBe(a);
  });

  it('is silent when told to, and has its values afterwards', async () => {
    const { series, appender } = setUp();
    const a = openWith(series, 'a', 1);
    await series.emit(1000);
    expect(await series.emit(2000, { silent: true })).toBe(1);
    expect(await series.emit(3000, { silent: true })).toBe(0);
    series.close(a);
    openWith(series, 'b', 2);
    await series.emit(4000);
    expect(appender.taken).toEqual(['a 1@1000', 'a stale@2000', 'b 2@4000']);
  });

  it('ends slots at once, but none that is open', async () => {
    const { series, appender } = setUp();
    const a = openWith(series, 'a', 1);
    const b = openWith(series, 'b', 2);
    await series.emit(1000);
    series.close(a);
    expect(await series.end([a, a, b], 1500)).toBe(2);
    expect(await series.emit(2000)).toBe(1);
    expect(appender.taken.slice(2)).toEqual(['a stale@1500', 'a stale@1500', 'b 2@2000']);
  });

  it('appends in chunks, and waits between them as it is told', async () => {
    const { series, appender } = setUp();
    for (let i = 0; i < 20_000; i++) openWith(series, `m${i}`, i);
    const paces: number[] = [];
    await series.emit(1000, {
      pace: async (done) => {
        paces.push(done);
      },
    });
    expect(appender.sizes).toEqual([8192, 8192, 3616]);
    expect(paces).toEqual([0.4096, 0.8192]);
  });

  it('gives room back when all of many series are over', async () => {
    const { series, appender } = setUp();
    const slots = Array.from({ length: 20_000 }, (_, i) => openWith(series, `m${i}`, i));
    await series.emit(1000);
    const { byteLength } = series;
    for (const slot of slots) series.close(slot);
    await series.emit(2000);
    expect(series.byteLength).toBeLessThan(byteLength / 10);
    expect(appender.holders.size).toBe(0);
    openWith(series, 'a', 1);
    expect(await series.emit(3000)).toBe(1);
  });

  it('tries all chunks when one is refused, and rejects', async () => {
    const { series, appender } = setUp();
    for (let i = 0; i < 10_000; i++) openWith(series, `m${i}`, i);
    appender.isOpen = false;
    const emission = series.emit(1000);
    await turns();
    expect(appender.waiting).toHaveLength(2);
    appender.waiting[0]!('refuse');
    appender.waiting[1]!('take');
    await expect(emission).rejects.toThrow('no room');
    expect(appender.taken).toHaveLength(10_000 - 8192);
  });

  it('does emissions one after the other', async () => {
    const { series, appender } = setUp();
    const a = openWith(series, 'a', 1);
    appender.isOpen = false;
    const first = series.emit(1000);
    const second = series.emit(2000);
    await turns();
    expect(appender.waiting).toHaveLength(1);
    series.set(a, 2);
    appender.waiting.pop()!('take');
    await first;
    await turns();
    appender.waiting.pop()!('take');
    await second;
    expect(appender.taken).toEqual(['a 1@1000', 'a 2@2000']);
  });

  it('gives all refs back, those of what is under way too', async () => {
    const { series, appender } = setUp();
    const a = openWith(series, 'a', 1);
    openWith(series, 'b', 1);
    await series.emit(1000);
    series.close(a);
    appender.isOpen = false;
    const emission = series.emit(2000);
    await turns();
    series.release();
    expect(appender.holders.size).toBe(0);
    appender.waiting.pop()!('take');
    await emission;
    expect(appender.holders.size).toBe(0);
  });

  it('whatever happens in between: a series that ended has its marker, one without samples has none', async () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ do: fc.constant('open' as const), name, value: fc.integer({ min: 0, max: 9 }) }),
      fc.record({ do: fc.constant('close' as const), name }),
      fc.record({ do: fc.constant('clear' as const), name }),
      fc.record({ do: fc.constant('emit' as const), silent: fc.boolean() }),
      fc.record({ do: fc.constant('end' as const) }),
      fc.record({ do: fc.constant('settle' as const), outcome: fc.constantFrom('take' as const, 'refuse' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { series, appender } = setUp();
        const open = new Map<string, Slot>();
        const closed: Slot[] = [];
        const runs: Promise<unknown>[] = [];
        let now = 0;
        appender.isOpen = false;
        for (const each of steps) {
          now++;
          if (each.do === 'open') {
            const slot = open.get(each.name) ?? series.open(named(each.name));
            open.set(each.name, slot);
            series.set(slot, each.value);
          } else if (each.do === 'close' || each.do === 'clear') {
            const slot = open.get(each.name);
            if (slot === undefined) continue;
            if (each.do === 'clear') series.clear(slot);
            else {
              series.close(slot);
              closed.push(slot);
              open.delete(each.name);
            }
          } else if (each.do === 'emit') runs.push(series.emit(now, each).catch(() => {}));
          else if (each.do === 'end') runs.push(series.end(closed.splice(0), now).catch(() => {}));
          else {
            await turns();
            appender.waiting.shift()?.(each.outcome);
            await turns();
          }
          expect(series.size).toBe(open.size);
        }
        appender.isOpen = true;
        for (const settle of appender.waiting.splice(0)) settle('take');
        await Promise.all(runs);
        for (const slot of open.values()) series.close(slot);
        await series.emit(now + 1);
        await series.emit(now + 2);
        expect(appender.holders.size).toBe(0);
        for (const each of ['a', 'b', 'c']) {
          const said = appender.taken
            .filter((line) => line.startsWith(`${each} `))
            .map((line) => line.includes('stale'));
          if (said.length === 0) continue;
          expect(said[0], `${each} begins with a sample`).toBe(false);
          expect(said.at(-1), `${each} has its marker`).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});
