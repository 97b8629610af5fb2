import { describe, expect, it } from 'vitest';
import type { Clock } from '../../clock/clock.ts';
import { FirstPages } from './first-pages.ts';

/** Timers fire when the test says so, as late as it says. */
class SteppedClock implements Clock {
  time = 0;
  readonly timers = new Map<() => void, number>();
  now = (): number => this.time;
  elapsed = (): number => this.time;
  schedule(milliseconds: number, call: () => void): () => void {
    this.timers.set(call, this.time + milliseconds);
    return () => this.timers.delete(call);
  }
  async to(time: number): Promise<void> {
    this.time = time;
    for (const [call, at] of [...this.timers]) {
      if (at > time) continue;
      this.timers.delete(call);
      call();
    }
    await settle();
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const forever = new AbortController().signal;

describe('first pages', () => {
  it('begin so many at a time, in their order', async () => {
    const pages = new FirstPages({ clock: new SteppedClock(), places: 2 });
    const [first] = [await pages.enter(forever), await pages.enter(forever)];
    const entered: number[] = [];
    for (const number of [3, 4]) void pages.enter(forever).then(() => entered.push(number));
    await settle();
    expect(entered).toEqual([]);
    first!.leave();
    first!.leave();
    await settle();
    expect(entered).toEqual([3]);
  });

  it('do not wait for targets that do not answer', async () => {
    const clock = new SteppedClock();
    const pages = new FirstPages({ clock, places: 1, patience: 1_000 });
    await pages.enter(forever);
    let isIn = false;
    void pages.enter(forever).then(() => {
      isIn = true;
    });
    await clock.to(999);
    expect(isIn).toBe(false);
    await clock.to(1_000);
    expect(isIn).toBe(true);
  });

  it('wait when it is this process that is slow', async () => {
    const clock = new SteppedClock();
    const pages = new FirstPages({ clock, places: 1, patience: 1_000 });
    await pages.enter(forever);
    let isIn = false;
    void pages.enter(forever).then(() => {
      isIn = true;
    });
    await clock.to(3_000);
    expect(isIn).toBe(false);
    await clock.to(4_000);
    expect(isIn).toBe(true);
  });

  it('wait for a page that is here until it is stored', async () => {
    const clock = new SteppedClock();
    const pages = new FirstPages({ clock, places: 1 });
    const first = await pages.enter(forever);
    first!.arrived();
    let isIn = false;
    void pages.enter(forever).then(() => {
      isIn = true;
    });
    await clock.to(10_000);
    expect(isIn).toBe(false);
    first!.leave();
    await settle();
    expect(isIn).toBe(true);
    expect(clock.timers.size).toBe(1);
  });

  it('give up when they are not wanted any more, and leave the turn to others', async () => {
    const pages = new FirstPages({ clock: new SteppedClock(), places: 1 });
    const first = await pages.enter(forever);
    const stopping = new AbortController();
    const second = pages.enter(stopping.signal);
    const third = pages.enter(forever);
    stopping.abort();
    expect(await second).toBeUndefined();
    first!.leave();
    expect(await third).toBeDefined();
  });

  it('wait for the disk when much is not on it yet', async () => {
    const pages = new FirstPages({ clock: new SteppedClock(), places: 4, unstored: 2 });
    const stored: (() => void)[] = [];
    for (let i = 0; i < 2; i++) {
      (await pages.enter(forever))!.leaveUntil(new Promise<void>((resolve) => stored.push(resolve)));
    }
    let isIn = false;
    void pages.enter(forever).then(() => {
      isIn = true;
    });
    await settle();
    expect(isIn).toBe(false);
    stored[0]!();
    await settle();
    expect(isIn).toBe(true);
  });
});
