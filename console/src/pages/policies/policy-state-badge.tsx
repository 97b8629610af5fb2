import { Badge } from '@mantine/core';
import { severityColour } from '../alerts/alert-severity.ts';
import type { ListedPolicy } from './policy-api.ts';

/** How a policy is, in a word or two: what fires, else why nothing can. */
export function PolicyStateBadge({ policy }: { readonly policy: ListedPolicy }) {
  const { state, severity, enabled, isInForce, problems } = policy;
  if (!isInForce) {
    return (
      <Badge color="red" title={problems.map(({ message }) => message).join('; ')}>
        not in force
      </Badge>
    );
  }
  if (!enabled) return <Badge color="gray">disabled</Badge>;
  if (state === undefined || state.health === 'unknown') return <Badge color="gray">not evaluated yet</Badge>;
  if (state.health === 'err') {
    return (
      <Badge color="red" title={state.error}>
        failing
      </Badge>
    );
  }
  if (state.firing > 0) return <Badge color={severityColour(severity)}>{state.firing} firing</Badge>;
  if (state.noData > 0) return <Badge color="gray">{state.noData} without data</Badge>;
  if (state.pending > 0) return <Badge color="yellow">{state.pending} pending</Badge>;
  return <Badge color="green">fine</Badge>;
}
