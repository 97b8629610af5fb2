import { Alert, Button, Code, Group, Text } from '@mantine/core';
import type { KnownPolicy } from './policy-api.ts';
import { mergedDraft, type PolicyDraft } from './policy-draft.ts';

/** Says who was faster and what they changed, and offers what to do; nothing that was written here is lost until somebody says so. */
export function EditConflict({
  base,
  mine,
  newest,
  onTake,
}: {
  /** What both began with. */
  readonly base: PolicyDraft;
  readonly mine: PolicyDraft;
  readonly newest: KnownPolicy;
  /** With what to go on, on top of the newest version. */
  readonly onTake: (draft: PolicyDraft) => void;
}) {
  const { version, author = '', updatedAt } = newest;
  const { draft, changed, both } = mergedDraft(base, { mine, theirs: newest.policy });
  return (
    <Alert
      color="yellow"
      styles={{ title: { color: 'var(--mantine-color-text)' } }}
      role="alert"
      title="Somebody else was faster"
    >
      <Text size="sm">
        {author === '' ? 'Somebody' : author} saved version {version}
        {updatedAt !== undefined && ` at ${new Date(updatedAt).toLocaleTimeString()}`}
        {changed.length === 0 ? ', which says the same' : ', and changed '}
        {changed.map((key, i) => (
          <span key={key}>
            {i > 0 && ', '}
            <Code>{key}</Code>
          </span>
        ))}
        . What you wrote is still here.
      </Text>
      <Text size="sm" mt={4}>
        {both.length === 0 ? (
          'You changed none of that, so both can be kept.'
        ) : (
          <>
            Where you changed the same, yours would be taken: <Code>{both.join(', ')}</Code>.
          </>
        )}
      </Text>
      <Group gap="xs" mt="xs">
        <Button onClick={() => onTake(draft)}>Keep both changes</Button>
        <Button variant="default" onClick={() => onTake(newest.policy)}>
          Drop mine
        </Button>
      </Group>
      <Text size="xs" c="dimmed" mt={6}>
        Nothing is saved before you save it.
      </Text>
    </Alert>
  );
}
