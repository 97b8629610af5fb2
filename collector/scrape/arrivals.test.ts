import { describe, expect, test } from 'vitest';
import type { Clock } from '../../clock/clock.ts';
import { Arrivals } from './arrivals.ts';

const NEVER = new AbortController().signal;

class SteppedClock implements Clock {
  time = 100_000;
  readonly #timers = new Set<{ at: number; call: () => void }>();

  now(): number {
    return this.time;
  }

  elapsed(): number {
    return this.time;
  }

  schedule(milliseconds: number, call: () => void): () => void {
    const timer = { at: this.time + milliseconds, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  async pass(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    for (const timer of [...this.#timers]) {
      if (timer.at > this.time || !this.#timers.delete(timer)) continue;
      timer.call();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What has become of a promise by now. */
async function stateOf(promise: Promise<string>): Promise<string> {
  return Promise.race([promise, new Promise<string>((resolve) => setImmediate(() => resolve('waiting')))]);
}

function setUp() {
  const clock = new SteppedClock();
  return { clock, arrivals: new Arrivals({ clock }) };
}

describe('arrivals', () => {
  test('are complete when nothing is due', async () => {
    const { clock, arrivals } = setUp();
    expect(await arrivals.wait(clock.time, NEVER)).toBe('arrived');
    const source = arrivals.source();
    // Nothing is expected of a source before it says so.
    expect(await arrivals.wait(clock.time, NEVER)).toBe('arrived');
    source.expect(clock.time + 1);
    expect(await arrivals.wait(clock.time, NEVER)).toBe('arrived');
    expect(clock.timers).toBe(0);
  });

  test('are waited for until the last of those that are due is there', async () => {
    const { clock, arrivals } = setUp();
    const [a, b, c] = [arrivals.source(), arrivals.source(), arrivals.source()];
    for (const source of [a, b, c]) source.setPatience(5000);
    a.expect(99_000);
    b.expect(100_000);
    c.expect(100_001);
    const waiting = arrivals.wait(100_000, NEVER);
    a.expect(114_000);
    expect(await stateOf(waiting)).toBe('waiting');
    c.expect(115_001);
    expect(await stateOf(waiting)).toBe('waiting');
    await clock.pass(3000);
    b.expect(115_000);
    expect(await stateOf(waiting)).toBe('arrived');
    expect(clock.timers).toBe(0);
  });

  test('of a source that hangs are late after its patience, and after the third time it is not waited for', async () => {
    const { clock, arrivals } = setUp();
    const good = arrivals.source();
    good.expect(1e9);
    const hanging = arrivals.source();
    hanging.setPatience(7500);
    let due = 100_000;
    for (let round = 1; round <= 3; round++) {
      hanging.expect(due);
      const waiting = arrivals.wait(due, NEVER);
      await clock.pass(7499);
      expect(await stateOf(waiting)).toBe('waiting');
      await clock.pass(1);
      expect(await stateOf(waiting)).toBe('late');
      // Whoever asks later does not wait at all.
      expect(await stateOf(arrivals.wait(due, NEVER))).toBe('late');
      expect(arrivals.leftOut).toBe(0);
      await clock.pass(7500);
      due += 15_000;
      hanging.expect(due);
    }
    expect(arrivals.leftOut).toBe(1);
    expect(await stateOf(arrivals.wait(due, NEVER))).toBe('arrived');
    expect(arrivals.completeUntil).toBe(clock.time);
    // In time once: it is waited for again.
    hanging.expect(due + 15_000);
    expect(arrivals.leftOut).toBe(0);
    await clock.pass(15_000);
    expect(await stateOf(arrivals.wait(due + 15_000, NEVER))).toBe('waiting');
  });

  test('of a source that ends are not waited for', async () => {
    const { arrivals } = setUp();
    const source = arrivals.source();
    source.setPatience(5000);
    source.expect(100_000);
    const waiting = arrivals.wait(100_000, NEVER);
    expect(await stateOf(waiting)).toBe('waiting');
    source.close();
    expect(await stateOf(waiting)).toBe('arrived');
  });

  test('end with the signal', async () => {
    const { clock, arrivals } = setUp();
    const source = arrivals.source();
    source.expect(100_000);
    const controller = new AbortController();
    const waiting = arrivals.wait(100_000, controller.signal);
    controller.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
    expect(clock.timers).toBe(0);
    await expect(arrivals.wait(0, controller.signal)).rejects.toThrow('stopped');
  });

  test('are complete up to what is still missing', async () => {
    const { clock, arrivals } = setUp();
    const [a, b] = [arrivals.source(), arrivals.source()];
    a.expect(99_800);
    b.expect(99_900);
    expect(arrivals.completeUntil).toBe(99_799);
    a.expect(114_800);
    expect(arrivals.completeUntil).toBe(99_899);
    // Too late to be waited for.
    await clock.pass(500);
    expect(arrivals.completeUntil).toBe(clock.time);
  });

  test('a million scrapes cost little, however many wait', async () => {
    const { clock, arrivals } = setUp();
    const sources = Array.from({ length: 1000 }, () => arrivals.source());
    for (const source of sources) source.expect(clock.time);
    const waiting = Array.from({ length: 10 }, () => arrivals.wait(clock.time - 1, NEVER));
    const begun = performance.now();
    for (let round = 1; round <= 1000; round++) for (const source of sources) source.expect(clock.time + round);
    expect(performance.now() - begun).toBeLessThan(2000);
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => 'arrived'));
  });
});
