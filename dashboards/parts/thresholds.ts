import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';

/** From which values on something is doubtful or wrong. */
export interface Thresholds {
  /** From here on it is doubtful: orange. Left out, nothing is. */
  readonly warn?: number;
  /** From here on it is wrong: red. */
  readonly bad?: number;
  /** True: values below `warn` are doubtful and those below `bad` wrong. Default false. */
  readonly lowIsBad?: boolean;
}

/** The steps of colours as Grafana has them, from the lowest value up. Without thresholds all is green. */
export function thresholdSteps({ warn, bad, lowIsBad = false }: Thresholds) {
  const steps: { value: number | null; color: string }[] = [];
  const add = (value: number | null | undefined, color: string) => {
    if (value !== undefined) steps.push({ value, color });
  };
  if (lowIsBad) {
    add(null, bad === undefined ? 'orange' : 'red');
    if (warn !== undefined) add(bad, 'orange');
    add(warn ?? bad, 'green');
  } else {
    add(null, 'green');
    add(warn, 'orange');
    add(bad, 'red');
  }
  return steps;
}

/** Grafana's thresholds, in values of the panel's unit. */
export const thresholdsConfig = (thresholds: Thresholds): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(thresholdSteps(thresholds));
