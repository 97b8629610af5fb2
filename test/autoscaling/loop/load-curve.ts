/** A level of load and how long it lasts, from the end of the slope that leads to it. */
export interface Phase {
  readonly name: string;
  /** Share of the whole load. */
  readonly level: number;
  /** Milliseconds, with the slope. */
  readonly duration: number;
}

/** Up in two steps, and down at once: by then the rates must have forgotten the load, and the windows of autoscalers be over. */
export const PHASES: readonly Phase[] = [
  { name: 'calm', level: 0.15, duration: 45_000 },
  { name: 'half', level: 0.5, duration: 135_000 },
  { name: 'full', level: 1, duration: 135_000 },
  { name: 'calm again', level: 0.15, duration: 240_000 },
];

/** Milliseconds from one level to the next. */
const SLOPE = 20_000;

export interface LoadAt {
  readonly phase: Phase;
  readonly load: number;
  /** Milliseconds since the load fell last; infinite when it never has. */
  readonly sinceFall: number;
}

/** The load some milliseconds after the beginning; undefined when the curve is over. */
export function loadAt(elapsed: number): LoadAt | undefined {
  let begun = 0;
  let before = PHASES[0]!.level;
  for (const phase of PHASES) {
    const within = elapsed - begun;
    if (within < phase.duration) {
      const load = before + (phase.level - before) * Math.min(1, within / SLOPE);
      return { phase, load, sinceFall: phase.level < before ? Math.max(0, within - SLOPE) : Number.POSITIVE_INFINITY };
    }
    begun += phase.duration;
    before = phase.level;
  }
  return undefined;
}
