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
  readonly updatedAt: number;
}

/** By the time alone. */
export type SilenceState = 'pending' | 'active' | 'expired';
