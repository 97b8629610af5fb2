import type { Labels } from '../../storage/labels.ts';
import { type Silence, silenceState } from '../silences/silence.ts';
import { matcherJson } from '../silences/silence-document.ts';
import type { BoardAlert } from './alert-board.ts';

/** An alert as Alertmanager's API shows it. `receivers` and `mutedBy` depend on whether it is shown by itself or in a group. */
export function alertJson(
  { alert, fingerprint, updatedAt, silencedBy, inhibitedBy }: BoardAlert,
  { receivers, mutedBy }: { readonly receivers: readonly string[]; readonly mutedBy: readonly string[] },
) {
  const isSuppressed = silencedBy.length + inhibitedBy.length + mutedBy.length > 0;
  return {
    annotations: sorted(alert.annotations),
    endsAt: time(endOf(alert)),
    fingerprint,
    receivers: receivers.map((name) => ({ name })),
    startsAt: time(alert.startsAt),
    status: { inhibitedBy, mutedBy, silencedBy, state: isSuppressed ? 'suppressed' : 'active' },
    updatedAt: time(updatedAt),
    ...(alert.generatorUrl !== '' && { generatorURL: alert.generatorUrl }),
    labels: sorted(alert.labels),
  };
}

/** When the alert has ended, or will count as ended if nobody says it again. */
export function endOf({ endsAt, validUntil }: { readonly endsAt: number; readonly validUntil: number }): number {
  return endsAt === 0 ? validUntil : endsAt;
}

/** A silence as Alertmanager's API shows it at a time. */
export function silenceJson(silence: Silence, now: number) {
  return {
    id: silence.id,
    status: { state: silenceState(silence, now) },
    updatedAt: time(silence.updatedAt),
    ...(Object.keys(silence.annotations).length > 0 && { annotations: silence.annotations }),
    comment: silence.comment,
    createdBy: silence.createdBy,
    endsAt: time(silence.endsAt),
    matchers: silence.matchers.map(matcherJson),
    startsAt: time(silence.startsAt),
  };
}

const ORDER = { active: 0, pending: 1, expired: 2 } as const;

/** In the order in which Alertmanager lists silences: those that end next, then those that begin next, then those that ended last. */
export function inListOrder(silences: readonly Silence[], now: number): Silence[] {
  const ranked = silences.map((silence) => {
    const state = silenceState(silence, now);
    const within = state === 'active' ? silence.endsAt : state === 'pending' ? silence.startsAt : -silence.endsAt;
    return { silence, rank: ORDER[state], within };
  });
  ranked.sort((a, b) => a.rank - b.rank || a.within - b.within || (a.silence.id < b.silence.id ? -1 : 1));
  return ranked.map(({ silence }) => silence);
}

/** An array's JSON text in pieces. */
export function* arrayPieces(items: readonly object[] | readonly (() => object)[]): Generator<string> {
  let piece = '[';
  for (const [i, item] of items.entries()) {
    piece += (i === 0 ? '' : ',') + JSON.stringify(typeof item === 'function' ? item() : item);
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece + ']\n';
}

const PIECE = 64 * 1024;

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function sorted(labels: Labels): Record<string, string> {
  return labels.toObject();
}
