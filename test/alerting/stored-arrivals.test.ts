import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { SteppedClock } from '../../alerting/stepped-clock.case.ts';
import { createStoredArrivals } from '../../alerting/stored-arrivals.ts';
import { ARRIVAL_MARK, startArrivalMarks } from '../../collector/scrape/arrival-marks.ts';
import { Arrivals } from '../../collector/scrape/arrivals.ts';
import { createMemoryStorage } from '../../storage/memory.ts';

const NEVER = new AbortController().signal;
const logger = pino({ level: 'silent' });

function setUp() {
  const clock = new SteppedClock();
  const storage = createMemoryStorage();
  const arrived = createStoredArrivals({ querier: storage.querier, clock, metric: ARRIVAL_MARK });
  const collector = (name: string) => {
    const arrivals = new Arrivals({ clock });
    const marks = startArrivalMarks({ arrivals, appender: storage.appender, clock, logger, collector: name });
    return { arrivals, source: arrivals.source(), marks };
  };
  /** What has become of it, after so many milliseconds. */
  const after = async (milliseconds: number, waiting: Promise<string>): Promise<string> => {
    const result = { now: 'waiting' };
    void waiting.then((state) => {
      result.now = state;
    });
    await clock.advance(milliseconds);
    return result.now;
  };
  return { clock, storage, arrived, collector, after };
}

describe('arrivals by the marks in the store', () => {
  test('are given the time that they usually take when nobody leaves marks', async () => {
    const { clock, arrived, after } = setUp();
    const waiting = arrived(clock.now(), NEVER);
    expect(await after(4900, waiting)).toBe('waiting');
    expect(await after(100, waiting)).toBe('arrived');
    expect(await after(0, arrived(clock.now() - 6000, NEVER))).toBe('arrived');
  });

  test('are waited for until every collector has said so', async () => {
    const { clock, arrived, collector, after } = setUp();
    const [a, b] = [collector('a'), collector('b')];
    const time = clock.now() + 5000;
    a.source.setPatience(10_000);
    a.source.expect(time);
    await clock.advance(5000);
    const waiting = arrived(time, NEVER);
    expect(await after(2500, waiting)).toBe('waiting');
    a.source.expect(time + 15_000);
    expect(await after(2000, waiting)).toBe('arrived');
    await a.marks.stop();
    await b.marks.stop();
    expect(clock.pending).toBe(0);
  });

  test('of a collector that was stopped are not waited for', async () => {
    const { clock, arrived, collector, after } = setUp();
    const a = collector('a');
    await clock.advance(5000);
    a.source.expect(clock.now());
    await a.marks.stop();
    expect(await after(0, arrived(clock.now(), NEVER))).toBe('arrived');
  });

  test('of one that was killed hold up evaluations by their patience, until it is forgotten', async () => {
    const { clock, storage, arrived, after } = setUp();
    const other = new SteppedClock();
    const killed = startArrivalMarks({
      arrivals: new Arrivals({ clock: other }),
      appender: storage.appender,
      clock: other,
      logger,
      collector: 'killed',
    });
    // Its clock goes on for three seconds, and then never again.
    await other.advance(3000);
    await clock.advance(3000);
    void killed;
    const time = clock.now() + 1000;
    await clock.advance(1000);
    const waiting = arrived(time, NEVER);
    expect(await after(4900, waiting)).toBe('waiting');
    expect(await after(600, waiting)).toBe('late');
    await clock.advance(10_000);
    const late = arrived(clock.now(), NEVER);
    expect(await after(5500, late)).toBe('late');
    await clock.advance(20_000);
    expect(await after(5000, arrived(clock.now(), NEVER))).toBe('arrived');
  });

  test('cannot be told while the store does not answer', async () => {
    const clock = new SteppedClock();
    const arrived = createStoredArrivals({
      querier: { select: () => Promise.reject(new Error('away')) },
      clock,
      metric: ARRIVAL_MARK,
    });
    const waiting = arrived(clock.now(), NEVER);
    await clock.advance(5500);
    expect(await waiting).toBe('late');
    const controller = new AbortController();
    const ended = arrived(clock.now(), controller.signal);
    controller.abort(new Error('stopped'));
    await expect(ended).rejects.toThrow('stopped');
  });
});
