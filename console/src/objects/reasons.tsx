import { Alert, List } from '@mantine/core';
import type { Tone } from '../app/status-tone.ts';

const COLORS: Readonly<Record<Tone, string>> = {
  good: 'gray',
  busy: 'blue',
  warning: 'yellow',
  bad: 'red',
  unknown: 'gray',
};

/** Why an object is as it is, in sentences; nothing when there is nothing to say. */
export function Reasons({
  title,
  tone,
  reasons,
}: {
  readonly title: string;
  readonly tone: Tone;
  readonly reasons: readonly string[];
}) {
  if (reasons.length === 0) return null;
  return (
    <Alert
      color={COLORS[tone]}
      title={title}
      variant="default"
      py="xs"
      styles={{
        root: { borderLeft: `3px solid var(--mantine-color-${COLORS[tone]}-6)` },
        label: { color: 'var(--mantine-color-text)' },
      }}
    >
      {reasons.length === 1 ? (
        reasons[0]
      ) : (
        <List size="sm" spacing={4}>
          {reasons.map((reason) => (
            <List.Item key={reason}>{reason}</List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}
