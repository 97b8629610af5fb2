import { describe, expect, test } from 'vitest';
import { ContainerMix, METRIC_NAMES, SERIES_PER_CONTAINER } from './container-mix.ts';

function page(mix: ContainerMix, tick: number): string[] {
  const buffer = Buffer.alloc(mix.maxLength);
  return buffer
    .toString('latin1', 0, mix.write(buffer, tick))
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('#'));
}

/** The series to its value. */
function samples(lines: readonly string[]): Map<string, number> {
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

describe('the container mix', () => {
  const options = { target: 3, series: 500, interval: 5, lifetime: 0 };

  test('has as many distinct series as asked, of 250 to 350 bytes and 11 to 13 labels before job and instance', () => {
    const lines = page(new ContainerMix(options), 0);
    expect(lines).toHaveLength(500);
    expect(samples(lines).size).toBe(500);
    for (const line of lines) {
      expect(line).toMatch(/^container_\w+\{(\w+="[^"]*",?)+\} -?[\d.]+$/);
      expect(METRIC_NAMES).toContain(/^\w+/.exec(line)?.[0]);
      const labels = line.match(/\w+="/g)?.length ?? 0;
      expect(labels).toBeGreaterThanOrEqual(11);
      expect(labels).toBeLessThanOrEqual(13);
    }
    const mean = lines.join('\n').length / lines.length;
    expect(mean).toBeGreaterThan(250);
    expect(mean).toBeLessThan(350);
  });

  test('is the same for everybody at one tick, and differs between targets', () => {
    expect(page(new ContainerMix(options), 17)).toEqual(page(new ContainerMix(options), 17));
    const other = samples(page(new ContainerMix({ ...options, target: 4 }), 17));
    for (const series of samples(page(new ContainerMix(options), 17)).keys()) expect(other.has(series)).toBe(false);
  });

  test('counters never fall, and what is no constant moves', () => {
    const mix = new ContainerMix(options);
    let before = samples(page(mix, 0));
    const moved = new Set<string>();
    for (let tick = 1; tick < 200; tick++) {
      const now = samples(page(mix, tick));
      for (const [series, value] of now) {
        if (/^\w+_total\{/.test(series)) expect(value).toBeGreaterThanOrEqual(before.get(series)!);
        if (value !== before.get(series)) moved.add(series);
      }
      before = now;
    }
    expect(moved.size / 500).toBeGreaterThan(0.5);
    expect(moved.size / 500).toBeLessThan(0.65);
  });

  test('with a lifetime every container is replaced once in it', () => {
    const mix = new ContainerMix({ ...options, series: 10 * SERIES_PER_CONTAINER, lifetime: 20 });
    const seen = new Set<string>();
    for (let tick = 0; tick < 40; tick++) for (const series of samples(page(mix, tick)).keys()) seen.add(series);
    // Those of the start, and two or three generations in 40 ticks.
    expect(seen.size).toBeGreaterThanOrEqual(20 * SERIES_PER_CONTAINER);
    expect(seen.size).toBeLessThanOrEqual(30 * SERIES_PER_CONTAINER);
  });
});
