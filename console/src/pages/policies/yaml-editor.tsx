import { Card, Group, Stack, Text, Textarea } from '@mantine/core';
import { CopyText } from './policy-yaml-view.tsx';

/** A policy as text: the document of a file, or of a Kubernetes resource. */
export function YamlEditor({ text, onChange }: { readonly text: string; readonly onChange: (text: string) => void }) {
  return (
    <Card withBorder padding="md">
      <Stack gap="xs">
        <Group justify="space-between">
          <Text size="xs" c="dimmed">
            A document of policy_files, or an AlertPolicy resource. What is left out is as by default.
          </Text>
          <CopyText text={text} />
        </Group>
        <Textarea
          aria-label="The policy as YAML"
          autosize
          minRows={18}
          spellCheck={false}
          value={text}
          onChange={(event) => onChange(event.currentTarget.value)}
          styles={{
            input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 'var(--mantine-font-size-xs)' },
          }}
        />
      </Stack>
    </Card>
  );
}
