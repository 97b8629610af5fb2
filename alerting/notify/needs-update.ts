import type { Repeat } from '../notice.ts';
import type { NotificationReason } from './integration.ts';

/** What a receiver's integration was told of a group last. Fingerprints. */
export interface ToldGroup {
  readonly firing: ReadonlySet<string>;
  readonly resolved: ReadonlySet<string>;
  /** When; milliseconds. */
  readonly timestamp: number;
  /** How often that had been told before without a change in between. */
  readonly repeats: number;
}

/** What could be told now. */
export interface GroupState {
  /** Fingerprints. */
  readonly firing: ReadonlySet<string>;
  readonly resolved: ReadonlySet<string>;
  /**
   * Of the resolved ones, those that may have been told as firing without that being noted: by a process that was killed, or in an
   * attempt that seems to have failed. Who has to know of every alert learns of them by their end.
   */
  readonly inFlight: ReadonlySet<string>;
  readonly sendResolved: boolean;
  readonly now: number;
  /** After how long without a change it is told again; Infinity for never. */
  readonly repeatAfter: (repeats: number) => number;
  /** Of a firing alert: the fingerprints that it would have at other levels. */
  readonly atOtherLevels: (fingerprint: string) => readonly string[];
}

/**
 * Whether an integration is to be told of a group, and why; undefined when not. An end of everything is a reason even when the
 * integration is told no ends, so that the notification log knows of it.
 */
export function needsUpdate(told: ToldGroup | undefined, state: GroupState): NotificationReason | undefined {
  const { firing, resolved } = state;
  if (told === undefined) {
    if (firing.size > 0) return 'firing';
    return state.inFlight.size > 0 ? 'resolved' : undefined;
  }
  const added = [...firing].filter((fingerprint) => !told.firing.has(fingerprint));
  if (added.length > 0) {
    const isOtherLevel = (fingerprint: string): boolean =>
      state.atOtherLevels(fingerprint).some((one) => told.firing.has(one));
    return added.every(isOtherLevel) ? 'level' : 'firing';
  }
  // Alerts may have fired and ended unnoticed since.
  if (firing.size === 0) return told.firing.size > 0 ? 'resolved' : undefined;
  if (state.sendResolved && !isSubset(resolved, told.resolved)) return 'resolved';
  return told.timestamp < state.now - state.repeatAfter(told.repeats) ? 'repeat' : undefined;
}

/** How long after it was told for the n-th time, counting from 0, an alert is told again. Milliseconds. */
export function repeatAfter(repeat: Repeat, repeats: number): number {
  switch (repeat.kind) {
    case 'once':
      return Number.POSITIVE_INFINITY;
    case 'every':
      return repeat.interval;
    case 'exponential':
      return Math.min(repeat.first * 2 ** Math.min(repeats, 60), repeat.longest);
    default:
      return repeat satisfies never;
  }
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  for (const element of part) if (!whole.has(element)) return false;
  return true;
}
