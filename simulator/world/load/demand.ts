import { hash32, noise } from '../random.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * How much users want of a workload, as a share of the busiest time of a working day: a daily curve with its top in the
 * afternoon (UTC, moved by up to two hours from workload to workload), two thirds of it at the weekend, and noise. A
 * function of the workload's name and the time alone.
 */
export function demandAt(workload: string, time: number): number {
  const seed = hash32(workload);
  const shift = ((seed % 240) / 240 - 0.5) * 4 * HOUR;
  const local = time + shift;
  const hour = (local % DAY) / HOUR;
  const wave = 0.5 - 0.5 * Math.cos(((hour - 3.5) / 24) * 2 * Math.PI);
  const daily = 0.3 + 0.7 * wave ** 1.4;
  // 1970 began on a Thursday. The change takes the hours around midnight.
  const day = (local / DAY + 4) % 7;
  const weekend =
    day >= 6 || day < 1 ? 0.66 : day < 1.2 ? 0.66 + (day - 1) * 1.7 : day > 5.8 ? 1 - (day - 5.8) * 1.7 : 1;
  const level = daily * weekend * (1 + 0.08 * noise(seed, time, 7 * 60_000) + 0.04 * noise(seed + 1, time, 45_000));
  return Math.max(0.02, level);
}

/** More or less demand than usual for a while. */
interface Surge {
  readonly from: number;
  readonly until: number;
  readonly factor: number;
}

/** Surges that scenarios ask for, by workload. */
export class Demand {
  readonly #surges = new Map<string, Surge[]>();

  /** Multiplies a workload's demand; ramps up and down over a tenth of the time each. */
  surge(workload: string, surge: Surge): void {
    const surges = this.#surges.get(workload) ?? [];
    this.#surges.set(workload, [...surges.filter(({ until }) => until > surge.from), surge]);
  }

  at(workload: string, time: number): number {
    let level = demandAt(workload, time);
    for (const { from, until, factor } of this.#surges.get(workload) ?? []) {
      if (time < from || time > until) continue;
      const ramp = (until - from) / 10;
      const share = Math.min(1, (time - from) / ramp, (until - time) / ramp);
      level *= 1 + (factor - 1) * share;
    }
    return level;
  }
}
