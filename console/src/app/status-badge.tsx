import { Badge } from '@mantine/core';
import { statusTone, type Tone } from './status-tone.ts';

const DOTS: Readonly<Record<Tone, string>> = {
  good: 'var(--mantine-color-green-6)',
  busy: 'var(--mantine-color-blue-6)',
  warning: 'var(--mantine-color-yellow-6)',
  bad: 'var(--mantine-color-red-6)',
  unknown: 'var(--mantine-color-gray-6)',
};

/** A state in a word, with a dot whose colour says whether it is good; `tone` where the word alone does not tell. */
export function StatusBadge({ status, tone }: { readonly status: string; readonly tone?: Tone }) {
  const shown = tone ?? statusTone(status);
  return (
    <Badge
      variant="default"
      fw={500}
      miw="max-content"
      data-tone={shown}
      leftSection={
        <span
          aria-hidden
          style={{
            display: 'block',
            width: 8,
            height: 8,
            // Not by colour alone: what is bad is a square.
            borderRadius: shown === 'bad' ? 1 : '50%',
            background: DOTS[shown],
          }}
        />
      }
    >
      {status === '' ? 'unknown' : status}
    </Badge>
  );
}
