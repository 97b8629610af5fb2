import { Button, Code, Group, Loader, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useRef, useState } from 'react';
import { useData } from '../../api/use-data.ts';
import { BusyButton } from '../../app/busy-button.tsx';
import { useNow } from '../../app/clock.ts';
import { EmptyState } from '../../app/empty-state.tsx';
import { ErrorState } from '../../app/error-state.tsx';
import { formatDateTime, formatDuration } from '../../app/format-time.ts';
import { StatusBadge } from '../../app/status-badge.tsx';
import { type Column, TableView } from '../../lists/table-view.tsx';
import classes from '../../objects/objects.module.css';
import { expireSilence, loadSilencePage, matcherText, type Silence } from './silence.ts';

/** How many silences are shown at first, and at most. */
const FIRST = 100;
const MOST = 5_000;
const TONES = { active: 'busy', pending: 'warning', expired: 'unknown' } as const;

/** Silences, those that end next first, and a way to end one now. */
export function SilencesView({ text, onChange }: { readonly text: string; readonly onChange: () => void }) {
  const [filter] = useDebouncedValue(text, 250);
  const [limit, setLimit] = useState(FIRST);
  const {
    data: fresh,
    error,
    reload,
  } = useData(`silences ${limit} ${filter}`, (signal) => loadSilencePage({ filter, limit }, signal), true);
  const last = useRef<typeof fresh>(undefined);
  if (fresh !== undefined) last.current = fresh;
  const data = fresh ?? (error === undefined ? last.current : undefined);
  if (data === undefined) {
    if (error !== undefined) return <ErrorState title="Silences cannot be read" error={error} onRetry={reload} />;
    return <Loader role="status" m="xl" aria-label="Loading" />;
  }
  const { silences: shown, total } = data;
  if (shown.length === 0) {
    return filter === '' ? (
      <EmptyState title="No silences" text="Alerts are silenced on their own page, and policies on theirs." />
    ) : (
      <EmptyState title="No silence is like that" text="No silence has all of these words." />
    );
  }
  const changed = (): void => {
    reload();
    onChange();
  };
  const actions: Column<Silence> = {
    key: 'actions',
    title: 'Actions',
    cell: ({ id, status }) => status.state !== 'expired' && <ExpireButton id={id} onChange={changed} />,
  };
  return (
    <>
      <TableView label="Silences" rows={shown} columns={[...COLUMNS, actions]} rowKey={({ id }) => id} />
      {total > shown.length && limit < MOST && (
        <Button variant="default" mt="sm" onClick={() => setLimit(Math.min(MOST, limit * 5))}>
          Show more of {total.toLocaleString()}
        </Button>
      )}
    </>
  );
}

const COLUMNS: readonly Column<Silence>[] = [
  {
    key: 'what',
    title: 'What',
    cell: ({ matchers }) => (
      <Group gap={4}>
        {matchers.map((matcher) => (
          <Code key={matcherText(matcher)} style={{ overflowWrap: 'anywhere' }}>
            {matcherText(matcher)}
          </Code>
        ))}
      </Group>
    ),
  },
  {
    key: 'state',
    title: 'State',
    cell: ({ status: { state } }) => <StatusBadge status={state} tone={TONES[state]} />,
  },
  { key: 'until', title: 'Until', cell: ({ endsAt }) => <End time={Date.parse(endsAt)} /> },
  {
    key: 'why',
    title: 'Why',
    isLong: true,
    cell: ({ comment, createdBy }) => (
      <div style={{ overflowWrap: 'anywhere' }}>
        <Text size="sm">{comment}</Text>
        <Text size="xs" c="dimmed">
          {createdBy}
        </Text>
      </div>
    ),
  },
];

/** When a silence ends or ended, to the minute, and how long that still is; takes Unix milliseconds. */
function End({ time }: { readonly time: number }) {
  const end = new Date(time);
  const left = time / 1000 - useNow();
  return (
    <Text
      component="time"
      size="sm"
      dateTime={end.toISOString()}
      title={formatDateTime(time / 1000)}
      className={classes.short}
    >
      {end.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })}
      {left > 0 && (
        <Text component="span" display="block" size="xs" c="dimmed">
          {formatDuration(left)} left
        </Text>
      )}
    </Text>
  );
}

/** Ends a silence; says so when the server refuses. */
export function ExpireButton({ id, onChange }: { readonly id: string; readonly onChange: () => void }) {
  const [isSending, setIsSending] = useState(false);
  const [error, setError] = useState<string>();
  const expire = async (): Promise<void> => {
    setIsSending(true);
    setError(undefined);
    try {
      await expireSilence(id);
      onChange();
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      setIsSending(false);
    }
  };
  return (
    <Stack gap={2} align="flex-start">
      <BusyButton variant="default" isBusy={isSending} onClick={() => void expire()}>
        End it
      </BusyButton>
      {error !== undefined && (
        <Text size="xs" c="red" role="alert">
          {error}
        </Text>
      )}
    </Stack>
  );
}
