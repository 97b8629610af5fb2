import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { BusyButton } from '../../app/busy-button.tsx';

/** Asks before alerts of a policy end because it is disabled or deleted. */
export function TurnOffDialog({
  deed,
  name,
  firing,
  opened,
  isSending,
  error,
  onClose,
  onConfirm,
}: {
  readonly deed: 'Disable' | 'Delete';
  readonly name: string;
  /** How many of its alerts fire. */
  readonly firing: number;
  readonly opened: boolean;
  readonly isSending: boolean;
  readonly error: string | undefined;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}) {
  return (
    // Within a table: what is clicked in it is no click on the row.
    <Modal
      onClick={(event) => event.stopPropagation()}
      opened={opened}
      onClose={onClose}
      title={`${deed} ${name}?`}
      centered
      size="sm"
    >
      <Stack>
        <Text size="sm">
          {firing === 0
            ? 'None of its alerts fires now.'
            : firing === 1
              ? 'Its alert that fires ends, and whoever was told of it is told that it is resolved.'
              : `Its ${firing.toLocaleString()} alerts that fire end, and whoever was told of them is told that they are resolved.`}{' '}
          {deed === 'Disable'
            ? 'It is not evaluated until it is enabled again; then it begins anew with the next period.'
            : 'Its versions and the history of its alerts stay to be read. To mute it for a while, silence it.'}
        </Text>
        {error !== undefined && (
          <Text size="sm" c="red" role="alert">
            {error}
          </Text>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Keep it
          </Button>
          <BusyButton color="red" isBusy={isSending} onClick={onConfirm}>
            {deed}
          </BusyButton>
        </Group>
      </Stack>
    </Modal>
  );
}
