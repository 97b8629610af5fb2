import { Fieldset, NumberInput, SimpleGrid, Text } from '@mantine/core';
import { type BySeverity, SEVERITIES } from './policy-draft.ts';

/** A number for each severity, all of which may be left out. */
export function SeverityNumbers({
  title,
  values,
  unit,
  error,
  onChange,
}: {
  readonly title: string;
  readonly values: BySeverity;
  readonly unit: string;
  readonly error: string | undefined;
  readonly onChange: (values: BySeverity) => void;
}) {
  const isShort = unit !== '' && unit.length <= 7;
  return (
    <Fieldset
      variant="unstyled"
      legend={title}
      p={0}
      mx={0}
      styles={{ legend: { fontSize: 'var(--mantine-font-size-xs)', fontWeight: 600, padding: 0, marginBottom: 2 } }}
    >
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xs" maw={560}>
        {SEVERITIES.map((severity) => (
          <NumberInput
            key={severity}
            size="xs"
            hideControls
            aria-label={`${title}: ${severity}`}
            leftSection={
              <Text size="xs" c="dimmed">
                {severity}
              </Text>
            }
            leftSectionWidth={58}
            leftSectionProps={{ style: { justifyContent: 'flex-start', paddingLeft: 8 } }}
            rightSection={
              isShort ? (
                <Text size="xs" c="dimmed">
                  {unit}
                </Text>
              ) : undefined
            }
            rightSectionWidth={isShort ? unit.length * 8 + 8 : 8}
            value={values[severity] ?? ''}
            onChange={(value) => {
              const { [severity]: _, ...rest } = values;
              onChange(value === '' ? rest : { ...rest, [severity]: Number(value) });
            }}
            error={error !== undefined}
          />
        ))}
      </SimpleGrid>
      {error !== undefined && (
        <Text size="xs" c="red" mt={2}>
          {error}
        </Text>
      )}
    </Fieldset>
  );
}
