import { Badge, Group } from '@mantine/core';
import { StatusBadge } from '../../app/status-badge.tsx';
import { severityColour } from './alert-severity.ts';
import type { CurrentAlert } from './current-alerts.ts';

const STATES = {
  firing: { word: 'firing', tone: 'bad' },
  pending: { word: 'pending', tone: 'warning' },
  inactive: { word: 'resolved', tone: 'good' },
} as const;

/** The state of an alert, and whether nobody is told of it. */
export function AlertStateBadges({
  state,
  silencedBy = [],
  inhibitedBy = [],
}: { readonly state: keyof typeof STATES } & Partial<Pick<CurrentAlert, 'silencedBy' | 'inhibitedBy'>>) {
  return (
    <Group gap={4} wrap="nowrap" component="span">
      <StatusBadge status={STATES[state].word} tone={STATES[state].tone} />
      {silencedBy.length > 0 && <StatusBadge status="silenced" tone="unknown" />}
      {inhibitedBy.length > 0 && <StatusBadge status="inhibited" tone="unknown" />}
    </Group>
  );
}

/** How bad an alert is, in its own word. */
export function SeverityBadge({ severity }: { readonly severity: string | undefined }) {
  if (severity === undefined || severity === '') return null;
  return (
    <Badge color={severityColour(severity)} variant="dot">
      {severity}
    </Badge>
  );
}
