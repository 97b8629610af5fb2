import type { Matcher } from '../../storage/matcher.ts';

/** Mutes the alerts that all matchers match, from `startsAt` until `endsAt`. Immutable; times are milliseconds. */
export interface Silence {
  /** A UUID. */
  readonly id: string;
  /** At least one, of which one does not match the empty string. */
  readonly matchers: readonly Matcher[];
  readonly startsAt: number;
  readonly endsAt: number;
  readonly createdBy: string;
  readonly comment: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly updatedAt: number;
}

/** By the time alone. */
export type SilenceState = 'pending' | 'active' | 'expired';

/** What the silence is at a time. */
export function silenceState(silence: Pick<Silence, 'startsAt' | 'endsAt'>, at: number): SilenceState {
  if (at < silence.startsAt) return 'pending';
  return at < silence.endsAt ? 'active' : 'expired';
}
