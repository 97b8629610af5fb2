import { type Check, seconds } from '../../kubernetes/faults/fault.ts';
import type { Episode } from './episode.ts';
import type { Call, CalledAlert } from './fault-receiver.ts';

/** What a receiver was told, beside what was true. */
export interface Verdict {
  readonly episodes: number;
  readonly notifications: number;
  /** Episodes of which nothing was ever told. */
  readonly lost: readonly string[];
  /** Told only when they had ended. */
  readonly onlyEnds: readonly string[];
  /** Of which a beginning was told, and no end although there was one. */
  readonly endless: readonly string[];
  /** Told as resolved while they lasted, with when. */
  readonly falseEnds: readonly string[];
  /** Told that are none of the episodes. */
  readonly unknown: readonly string[];
  /** Notifications that say nothing that was not told before: no alert in them has another status than it had last. */
  readonly twice: number;
  /** From the beginning of an episode, or what hindered telling it, until it was told; the longest, in milliseconds. */
  readonly longest: number;
}

export interface VerdictOptions {
  /** When what hindered telling was healed: what was to be told before counts from then on. */
  readonly healed?: number;
  /** Only alerts whose ids begin so. */
  readonly of?: string;
}

/** Compares what was taken with what was true. A repetition without a change is not expected: `repeat_interval` is longer than the run. */
export function verdict(
  episodes: readonly Episode[],
  told: readonly Call[],
  { healed = 0, of = 'Faulty/' }: VerdictOptions = {},
): Verdict {
  const first = new Map<string, number>();
  const last = new Map<string, CalledAlert['status']>();
  const known = new Map(episodes.map((episode) => [episode.id, episode]));
  const falseEnds: string[] = [];
  const unknown = new Set<string>();
  const told1 = (id: string, status: CalledAlert['status']): string => `${id} ${status}`;
  let twice = 0;
  let notifications = 0;
  for (const { at, alerts } of told) {
    const about = alerts.filter(({ id }) => id.startsWith(of));
    if (about.length === 0) continue;
    notifications++;
    if (about.every(({ id, status }) => last.get(id) === status)) twice++;
    for (const { id, status } of about) {
      last.set(id, status);
      if (!first.has(told1(id, status))) first.set(told1(id, status), at);
      const episode = known.get(id);
      if (episode === undefined) unknown.add(id);
      else if (status === 'resolved' && at < episode.to) falseEnds.push(`${id} at ${new Date(at).toISOString()}`);
    }
  }
  const lost: string[] = [];
  const onlyEnds: string[] = [];
  const endless: string[] = [];
  let longest = 0;
  for (const { id, from, to } of episodes) {
    const began = first.get(told1(id, 'firing'));
    const ended = first.get(told1(id, 'resolved'));
    if (began === undefined && ended === undefined) lost.push(id);
    else if (began === undefined) onlyEnds.push(id);
    else if (ended === undefined && Number.isFinite(to)) endless.push(id);
    if (began !== undefined)
      longest = Math.max(longest, began - Math.max(from, from < healed && began >= healed ? healed : 0));
    if (ended !== undefined)
      longest = Math.max(longest, ended - Math.max(to, to < healed && ended >= healed ? healed : 0));
  }
  return {
    ...{ episodes: episodes.length, notifications, lost, onlyEnds, endless, falseEnds },
    ...{ unknown: [...unknown], twice, longest },
  };
}

export interface Allowed {
  /** Notifications that may be told twice: one for each kill. Default: none. */
  readonly twice?: number;
  /** Milliseconds within which each must be told. */
  readonly within: number;
  /** Whether episodes that ended while nothing could be told may be told only when they had ended. Default: no. */
  readonly onlyEnds?: boolean;
}

/** The checks that every fault ends with. */
export function checksOf(found: Verdict, { twice = 0, within, onlyEnds = false }: Allowed): Check[] {
  const some = (names: readonly string[]): string => names.slice(0, 5).join(', ');
  return [
    {
      what: 'no alert is lost',
      good: found.episodes > 0 && found.lost.length === 0,
      found: `${found.episodes} episodes in ${found.notifications} notifications, lost ${found.lost.length}${found.lost.length > 0 ? `: ${some(found.lost)}` : ''}`,
    },
    {
      what: 'every beginning and every end is told',
      good: found.endless.length === 0 && (onlyEnds || found.onlyEnds.length === 0),
      found:
        found.endless.length + found.onlyEnds.length === 0
          ? ''
          : `no end told of ${found.endless.length} ${some(found.endless)}; only the end of ${found.onlyEnds.length} ${some(found.onlyEnds)}`,
    },
    {
      what: `told twice at most ${twice}`,
      good: found.twice <= twice,
      found: `${found.twice}`,
    },
    {
      what: 'nothing is told as resolved that still fires',
      good: found.falseEnds.length === 0 && found.unknown.length === 0,
      found: some([...found.falseEnds, ...found.unknown]),
    },
    {
      what: `told within ${seconds(within)}`,
      good: found.longest <= within,
      found: '',
      worst: found.longest,
    },
  ];
}
