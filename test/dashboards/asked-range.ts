import type { VariableValue } from './template-variables.ts';

/** A panel's time range as Grafana asks for it. */
export interface AskedRange {
  /** Milliseconds from its begin to its end, which is now. */
  readonly length: number;
  /** Milliseconds between two points: a round number near to one for each pixel, and the scrape interval at least. */
  readonly interval: number;
}

/** Points of a panel: Grafana asks for one for each pixel of its width. */
const POINTS = 1000;
/** Of the data source, `timeInterval` in its provisioning; milliseconds. */
const SCRAPE_INTERVAL = 15_000;
const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
type UnitName = keyof typeof UNITS;

/** The intervals that Grafana rounds to, each with the length from which on the next one is taken; milliseconds. */
const ROUND: readonly (readonly [below: number, interval: number])[] = [
  [17_500, 15_000],
  [25_000, 20_000],
  [45_000, 30_000],
  [90_000, 60_000],
  [210_000, 120_000],
  [450_000, 300_000],
  [750_000, 600_000],
  [1_050_000, 900_000],
  [1_500_000, 1_200_000],
  [2_700_000, 1_800_000],
  [5_400_000, 3_600_000],
  [9_000_000, 7_200_000],
  [16_200_000, 10_800_000],
  [32_400_000, 21_600_000],
  [86_400_000, 43_200_000],
];

/** The range that a dashboard opens with, from the `from` of its time: `now-6h`. An hour for what is not of this form. */
export function askedRange(from: string): AskedRange {
  const [, count = '1', unit = 'h'] = /^now-(\d+)([smhdw])$/.exec(from) ?? [];
  const length = Number(count) * UNITS[unit as UnitName];
  const exact = length / POINTS;
  const rounded = ROUND.find(([below]) => exact < below)?.[1] ?? UNITS.d;
  return { length, interval: Math.max(rounded, SCRAPE_INTERVAL) };
}

/** The variables that Grafana has built in, for queries over this range. */
export function builtInVariables({ length, interval }: AskedRange): ReadonlyMap<string, VariableValue> {
  const texts = {
    __interval: written(interval),
    __interval_ms: String(interval),
    __rate_interval: written(Math.max(interval + SCRAPE_INTERVAL, 4 * SCRAPE_INTERVAL)),
    __range: written(length),
    __range_s: String(length / 1000),
    __range_ms: String(length),
  };
  return new Map(Object.entries(texts).map(([name, text]) => [name, { values: [text], isPattern: false }]));
}

/** A duration in the largest unit of which it is a whole number: `90s`, `2h`. */
function written(milliseconds: number): string {
  const units = Object.entries(UNITS).reverse();
  const [name, length] = units.find(([, length]) => milliseconds % length === 0)!;
  return `${milliseconds / length}${name}`;
}
