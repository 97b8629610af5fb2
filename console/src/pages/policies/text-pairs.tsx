import { ActionIcon, Button, Group, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../../app/icon.tsx';
import { faultAt } from './draft-faults.ts';
import type { FieldFault } from './policy-api.ts';

/** Names with texts, such as labels; `place` is their field. A pair counts once it has a name. */
export function TextPairs({
  what,
  place,
  pairs,
  faults,
  suggestions = [],
  onChange,
}: {
  /** In the singular: `label`. */
  readonly what: string;
  readonly place: string;
  readonly pairs: Readonly<Record<string, string>>;
  readonly faults: readonly FieldFault[];
  /** Names that are added with a click. */
  readonly suggestions?: readonly string[];
  readonly onChange: (pairs: Readonly<Record<string, string>>) => void;
}) {
  const [rows, setRows] = useState<readonly (readonly [string, string])[]>(() => Object.entries(pairs));
  const set = (next: readonly (readonly [string, string])[]): void => {
    setRows(next);
    onChange(Object.fromEntries(next.filter(([name]) => name !== '')));
  };
  const left = suggestions.filter((name) => rows.every(([known]) => known !== name));
  const whole = faults.filter(({ field }) => field === place).map(({ message }) => message);
  return (
    <Stack gap="xs">
      {rows.map(([name, text], i) => (
        <Group key={i} gap="xs" wrap="nowrap" align="flex-start">
          <TextInput
            w={{ base: 110, xs: 160 }}
            style={{ flexShrink: 0 }}
            aria-label={`Key of ${what} ${i + 1}`}
            placeholder="name"
            value={name}
            onChange={({ currentTarget: { value } }) => set(rows.with(i, [value.trim(), text]))}
          />
          <Textarea
            size="xs"
            autosize
            minRows={1}
            style={{ flex: 1 }}
            miw={0}
            aria-label={`Text of ${what} ${name === '' ? i + 1 : name}`}
            placeholder="text, may be a template: {{ $labels.pod }}"
            value={text}
            onChange={({ currentTarget: { value } }) => set(rows.with(i, [name, value]))}
            error={name === '' ? undefined : faultAt(faults, `${place}.${name}`)}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            mt={2}
            aria-label={`Remove ${what} ${name === '' ? i + 1 : name}`}
            onClick={() => set(rows.toSpliced(i, 1))}
          >
            <Icon name="close" size={14} />
          </ActionIcon>
        </Group>
      ))}
      <Group gap="xs">
        {left.map((name) => (
          <Button key={name} variant="default" onClick={() => set([...rows, [name, '']])}>
            Add {name}
          </Button>
        ))}
        <Button variant="default" onClick={() => set([...rows, ['', '']])}>
          Add {/^[aeiou]/.test(what) ? 'an' : 'a'} {what}
        </Button>
      </Group>
      {whole.length > 0 && (
        <Text size="xs" c="red">
          {whole.join('; ')}
        </Text>
      )}
    </Stack>
  );
}
