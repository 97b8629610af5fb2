import { Badge, Group } from '@mantine/core';
import { severityColour } from './alert-severity.ts';
import type { CurrentAlert } from './current-alerts.ts';

const STATE_COLOURS = { firing: 'red', pending: 'yellow', inactive: 'green' } as const;

/** The state of an alert, and whether nobody is told of it. */
export function AlertStateBadges({
  state,
  silencedBy = [],
  inhibitedBy = [],
}: { readonly state: keyof typeof STATE_COLOURS } & Partial<Pick<CurrentAlert, 'silencedBy' | 'inhibitedBy'>>) {
  return (
    <Group gap={4} wrap="nowrap" component="span">
      <Badge color={STATE_COLOURS[state]}>{state}</Badge>
      {silencedBy.length > 0 && <Badge color="gray">silenced</Badge>}
      {inhibitedBy.length > 0 && <Badge color="gray">inhibited</Badge>}
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
