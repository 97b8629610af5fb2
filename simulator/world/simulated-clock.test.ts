import { describe, expect, it } from 'vitest';
import { SimulatedClock } from './simulated-clock.ts';

describe('the simulated clock', () => {
  it('runs tasks in the order of their times, each at its time', () => {
    const clock = new SimulatedClock({ start: 1000, speed: 1 });
    const seen: string[] = [];
    const note = (name: string) => () => seen.push(`${name} ${clock.now()}`);
    clock.after(50, note('c'));
    clock.after(20, note('a'));
    clock.after(20, note('b'));
    clock.at(0, note('late'));
    const cancel = clock.after(30, note('never'));
    cancel();
    clock.after(10, () => clock.after(5, note('nested')));
    clock.advance(100);
    expect(seen).toEqual(['late 1000', 'nested 1015', 'a 1020', 'b 1020', 'c 1050']);
    expect(clock.now()).toBe(1100);
  });

  it('repeats at multiples of an interval until it is ended', () => {
    const clock = new SimulatedClock({ start: 1003, speed: 1 });
    const seen: number[] = [];
    const end = clock.every(10, () => seen.push(clock.now()), 4);
    clock.advance(30);
    end();
    clock.advance(30);
    expect(seen).toEqual([1004, 1014, 1024]);
  });

  it('stands still until it runs, and keeps its order with many tasks', () => {
    const clock = new SimulatedClock({ start: 0, speed: 1 });
    const seen: number[] = [];
    for (let i = 0; i < 500; i++) clock.at((i * 7919) % 1000, () => seen.push(clock.now()));
    expect(seen).toEqual([]);
    clock.advance(1000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen).toHaveLength(500);
    expect(() => new SimulatedClock({ start: 0, speed: 0 })).toThrow('speed must be a positive number, got 0');
  });
});
