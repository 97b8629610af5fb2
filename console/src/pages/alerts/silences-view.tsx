import { Button, Code, Group, Loader, Stack, Table, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useRef, useState } from 'react';
import { useData } from '../../api/use-data.ts';
import { EmptyState } from '../../app/empty-state.tsx';
import { ErrorState } from '../../app/error-state.tsx';
import { formatDuration } from '../../app/format-time.ts';
import { StatusBadge } from '../../app/status-badge.tsx';
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
  return (
    <Table.ScrollContainer minWidth={620} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>State</Table.Th>
            <Table.Th>What</Table.Th>
            <Table.Th>Why</Table.Th>
            <Table.Th>Until</Table.Th>
            <Table.Th>Actions</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map((silence) => (
            <SilenceRow key={silence.id} silence={silence} onChange={changed} />
          ))}
        </Table.Tbody>
      </Table>
      {total > shown.length && limit < MOST && (
        <Button variant="default" mt="sm" onClick={() => setLimit(Math.min(MOST, limit * 5))}>
          Show more of {total.toLocaleString()}
        </Button>
      )}
    </Table.ScrollContainer>
  );
}

function SilenceRow({ silence, onChange }: { readonly silence: Silence; readonly onChange: () => void }) {
  const { id, status, matchers, comment, createdBy, endsAt } = silence;
  const left = Date.parse(endsAt) - Date.now();
  return (
    <Table.Tr>
      <Table.Td>
        <StatusBadge status={status.state} tone={TONES[status.state]} />
      </Table.Td>
      <Table.Td maw={380}>
        <Group gap={4}>
          {matchers.map((matcher) => (
            <Code key={matcher.name} style={{ overflowWrap: 'anywhere' }}>
              {matcherText(matcher)}
            </Code>
          ))}
        </Group>
      </Table.Td>
      <Table.Td>
        <Text size="sm">{comment}</Text>
        <Text size="xs" c="dimmed">
          {createdBy}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm">{new Date(endsAt).toLocaleString()}</Text>
        {left > 0 && (
          <Text size="xs" c="dimmed">
            {formatDuration(left / 1000)} left
          </Text>
        )}
      </Table.Td>
      <Table.Td>{status.state !== 'expired' && <ExpireButton id={id} onChange={onChange} />}</Table.Td>
    </Table.Tr>
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
      <Button variant="default" loading={isSending} onClick={() => void expire()}>
        End it
      </Button>
      {error !== undefined && (
        <Text size="xs" c="red" role="alert">
          {error}
        </Text>
      )}
    </Stack>
  );
}
