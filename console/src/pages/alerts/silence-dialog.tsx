import { Alert, Badge, Button, Group, Modal, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { type FormEvent, useState } from 'react';
import { BusyButton } from '../../app/busy-button.tsx';
import { createSilence, matcherText, type SilenceMatcher } from './silence.ts';

const HOUR = 3_600_000;
const LENGTHS: readonly (readonly [number, string])[] = [
  [HOUR / 4, '15 minutes'],
  [HOUR, '1 hour'],
  [2 * HOUR, '2 hours'],
  [4 * HOUR, '4 hours'],
  [8 * HOUR, '8 hours'],
  [24 * HOUR, '1 day'],
  [72 * HOUR, '3 days'],
  [168 * HOUR, '1 week'],
];

/** Asks how long, by whom and why, and silences what the matchers match. `onDone` is told when it is so. */
export function SilenceDialog({
  matchers,
  opened,
  onClose,
  onDone,
}: {
  readonly matchers: readonly SilenceMatcher[];
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  return (
    <Modal opened={opened} onClose={onClose} title="Silence" size="md" centered>
      <SilenceForm matchers={matchers} onClose={onClose} onDone={onDone} />
    </Modal>
  );
}

function SilenceForm({
  matchers,
  onClose,
  onDone,
}: {
  readonly matchers: readonly SilenceMatcher[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [length, setLength] = useState(String(2 * HOUR));
  const [comment, setComment] = useState('');
  // Who sits here is asked once.
  const [author, setAuthor] = useLocalStorage({ key: 'pharos-author', defaultValue: '' });
  const [isSending, setIsSending] = useState(false);
  const [error, setError] = useState<string>();
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setIsSending(true);
    setError(undefined);
    try {
      await createSilence({ matchers, length: Number(length), comment, createdBy: author });
      onDone();
      onClose();
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      setIsSending(false);
    }
  };
  return (
    <form onSubmit={(event) => void send(event)}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          Nobody is told of alerts with these labels while the silence lasts; they are evaluated all the same.
        </Text>
        <Group gap={4}>
          {matchers.map((matcher) => (
            <Badge key={matcher.name} color="gray" ff="monospace" fw={400} maw="100%">
              {matcherText(matcher)}
            </Badge>
          ))}
        </Group>
        <Select
          label="For"
          data={LENGTHS.map(([value, label]) => ({ value: String(value), label }))}
          value={length}
          onChange={(value) => value !== null && setLength(value)}
          allowDeselect={false}
        />
        <TextInput
          label="Author"
          placeholder="Who silences it"
          required
          value={author}
          onChange={(event) => setAuthor(event.currentTarget.value)}
        />
        <Textarea
          label="Comment"
          placeholder="Why, and what is being done"
          size="xs"
          autosize
          minRows={2}
          required
          data-autofocus
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        {error !== undefined && (
          <Alert color="red" role="alert">
            {error}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <BusyButton type="submit" isBusy={isSending}>
            Silence
          </BusyButton>
        </Group>
      </Stack>
    </form>
  );
}
