import { Group } from '@mantine/core';
import { StatusBadge } from '../app/status-badge.tsx';
import type { Tone } from '../app/status-tone.ts';

/** A condition of an object. */
export interface Condition {
  readonly type: string;
  readonly status: 'true' | 'false' | 'unknown';
  /** Whether it is as it should be. */
  readonly isGood: boolean;
  /** Of one that is not. Default: bad. */
  readonly tone?: Tone;
}

const WORDS = { true: 'yes', false: 'no', unknown: 'unknown' } as const;

/** Conditions side by side, each with what it is: `Ready: yes`. */
export function ConditionBadges({ conditions }: { readonly conditions: readonly Condition[] }) {
  return (
    <Group gap={6}>
      {conditions.map(({ type, status, isGood, tone = 'bad' }) => (
        <StatusBadge key={type} status={`${type}: ${WORDS[status]}`} tone={isGood ? 'good' : tone} />
      ))}
    </Group>
  );
}
