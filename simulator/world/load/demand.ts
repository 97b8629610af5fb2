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

/** A wave of this length, between a fifth and the whole. */
function waveAt(time: number, length: number): number {
  return 0.6 - 0.4 * Math.cos((2 * Math.PI * time) / length);
}

/** More or less demand than usual for a while. */
interface Surge {
  readonly from: number;
  readonly until: number;
  readonly factor: number;
}

/** The demand of workloads, with surges that scenarios ask for and levels that somebody sets by hand. */
export class Demand {
  readonly #surges = new Map<string, Surge[]>();
  readonly #held = new Map<string, number>();

  /** From now on a workload's demand is just this share of its busiest time, whatever the hour; undefined ends it. */
  hold(workload: string, level: number | undefined): void {
    if (level === undefined) this.#held.delete(workload);
    else this.#held.set(workload, level);
  }

  /** Multiplies a workload's demand; ramps up and down over a tenth of the time each. */
  surge(workload: string, surge: Surge): void {
    const surges = this.#surges.get(workload) ?? [];
    this.#surges.set(workload, [...surges.filter(({ until }) => until > surge.from), surge]);
  }

  /** `wave` is the length of the waves on it, in milliseconds; 0 for none. */
  at(workload: string, time: number, wave = 0): number {
    const held = this.#held.get(workload);
    if (held !== undefined) return held;
    const usual = demandAt(workload, time);
    // Waves are there at night too.
    let level = wave === 0 ? usual : (0.75 + 0.25 * usual) * waveAt(time, wave);
    for (const { from, until, factor } of this.#surges.get(workload) ?? []) {
      if (time < from || time > until) continue;
      const ramp = (until - from) / 10;
      const share = Math.min(1, (time - from) / ramp, (until - time) / ramp);
      level *= 1 + (factor - 1) * share;
    }
    return level;
  }
}
