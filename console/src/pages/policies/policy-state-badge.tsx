import { StatusBadge } from '../../app/status-badge.tsx';
import type { Tone } from '../../app/status-tone.ts';
import { severityRank } from '../alerts/alert-severity.ts';
import type { ListedPolicy } from './policy-api.ts';

/** How a policy is, in a word or two: what fires, else why nothing can. */
export function PolicyStateBadge({ policy }: { readonly policy: ListedPolicy }) {
  const { word, tone, reason = '' } = stateOf(policy);
  return (
    <span title={reason === '' ? undefined : reason}>
      <StatusBadge status={word} tone={tone} />
    </span>
  );
}

function stateOf({ state, severity, enabled, isInForce, problems }: ListedPolicy): {
  readonly word: string;
  readonly tone: Tone;
  readonly reason?: string;
} {
  if (!isInForce) {
    return { word: 'not in force', tone: 'bad', reason: problems.map(({ message }) => message).join('; ') };
  }
  if (!enabled) return { word: 'disabled', tone: 'unknown' };
  if (state === undefined || state.health === 'unknown') return { word: 'not evaluated yet', tone: 'unknown' };
  if (state.health === 'err') return { word: 'failing', tone: 'bad', reason: state.error };
  if (state.firing > 0) {
    const tone = (['bad', 'warning'] as const)[severityRank(severity)] ?? 'busy';
    return { word: `${state.firing.toLocaleString()} firing`, tone };
  }
  if (state.noData > 0) return { word: `${state.noData.toLocaleString()} without data`, tone: 'unknown' };
  if (state.pending > 0) return { word: `${state.pending.toLocaleString()} pending`, tone: 'warning' };
  return { word: 'fine', tone: 'good' };
}
