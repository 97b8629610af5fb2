import { ActionIcon, Button, Fieldset, Group, Stack, Switch, Text } from '@mantine/core';
import { Icon } from '../../app/icon.tsx';
import { conditionText } from './condition-query.ts';
import { faultAt } from './draft-faults.ts';
import { metricUnit } from './metric-catalogue.ts';
import type { FieldFault } from './policy-api.ts';
import type { DraftOverride, PolicyDraft } from './policy-draft.ts';
import { SelectorFields } from './selector-fields.tsx';
import { SeverityNumbers } from './severity-numbers.tsx';

const NEW: DraftOverride = { objects: { include: {}, exclude: {} }, disabled: false, conditions: [] };

/** What is different for some objects; the first override that an object is in counts. */
export function OverridesFields({
  draft,
  faults,
  onChange,
}: {
  readonly draft: PolicyDraft;
  readonly faults: readonly FieldFault[];
  readonly onChange: (overrides: readonly DraftOverride[]) => void;
}) {
  const { overrides = [] } = draft;
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        Other thresholds, or no alerts, for some of the objects. The first override that an object is in counts.
      </Text>
      {overrides.map((override, i) => (
        <Fieldset key={i} legend={`Override ${i + 1}`} px="md">
          <OverrideFields
            override={override}
            draft={draft}
            place={`overrides[${i}]`}
            faults={faults}
            onChange={(changed) => onChange(overrides.with(i, changed))}
          />
          <Group gap="xs" mt="sm" justify="flex-end">
            {i > 0 && (
              <Button
                variant="subtle"
                color="gray"
                onClick={() => onChange(overrides.with(i - 1, override).with(i, overrides[i - 1]!))}
              >
                Move up
              </Button>
            )}
            <Button variant="subtle" color="red" onClick={() => onChange(overrides.toSpliced(i, 1))}>
              Remove override
            </Button>
          </Group>
        </Fieldset>
      ))}
      <Button variant="default" style={{ alignSelf: 'flex-start' }} onClick={() => onChange([...overrides, NEW])}>
        Add an override
      </Button>
    </Stack>
  );
}

function OverrideFields({
  override,
  draft,
  place,
  faults,
  onChange,
}: {
  readonly override: DraftOverride;
  readonly draft: PolicyDraft;
  readonly place: string;
  readonly faults: readonly FieldFault[];
  readonly onChange: (override: DraftOverride) => void;
}) {
  const { objects, disabled = false, conditions = [] } = override;
  const left = draft.conditions.flatMap((condition, index) =>
    conditions.some((change) => (change.condition ?? 0) === index) ? [] : [{ condition, index }],
  );
  const own = faults.filter(({ field }) => field === `${place}.conditions`);
  return (
    <Stack gap="sm">
      <SelectorFields
        objects={objects}
        level={draft.level}
        place={`${place}.objects`}
        allText="Choose the objects."
        faults={faults}
        onChange={(next) => onChange({ ...override, objects: next })}
      />
      <Switch
        label="They have no alerts"
        checked={disabled}
        onChange={({ currentTarget: { checked } }) =>
          onChange({ ...override, disabled: checked, conditions: checked ? [] : conditions })
        }
      />
      {!disabled &&
        conditions.map((change, i) => {
          const index = change.condition ?? 0;
          const condition = draft.conditions[index];
          const isChange = condition?.operator === 'increase' || condition?.operator === 'decrease';
          const unit = isChange ? '%' : metricUnit(condition?.metric ?? '');
          const at = `${place}.conditions[${i}]`;
          const set = (next: typeof change): void => onChange({ ...override, conditions: conditions.with(i, next) });
          return (
            <Stack key={index} gap="xs">
              <Group gap="xs" wrap="nowrap">
                <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere', flex: 1 }}>
                  In place of: {condition === undefined ? `condition ${index + 1}` : conditionText(condition)}
                </Text>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={`Remove the thresholds of condition ${index + 1}`}
                  onClick={() => onChange({ ...override, conditions: conditions.toSpliced(i, 1) })}
                >
                  <Icon name="close" size={14} />
                </ActionIcon>
              </Group>
              <SeverityNumbers
                title="Thresholds"
                values={change.thresholds}
                unit={unit}
                error={faultAt(faults, `${at}.thresholds`) ?? faultAt(faults, `${at}.condition`)}
                onChange={(thresholds) => set({ ...change, thresholds })}
              />
              <SeverityNumbers
                title="Recovered at (default: as the condition says)"
                values={change.recoveryThresholds ?? {}}
                unit={unit}
                error={faultAt(faults, `${at}.recoveryThresholds`)}
                onChange={(recoveryThresholds) => {
                  const { recoveryThresholds: _, ...rest } = change;
                  set(Object.keys(recoveryThresholds).length === 0 ? rest : { ...rest, recoveryThresholds });
                }}
              />
            </Stack>
          );
        })}
      {!disabled && left.length > 0 && (
        <Group gap="xs">
          {left.map(({ index }) => (
            <Button
              key={index}
              variant="default"
              onClick={() =>
                onChange({ ...override, conditions: [...conditions, { condition: index, thresholds: {} }] })
              }
            >
              {draft.conditions.length === 1 ? 'Other thresholds' : `Other thresholds of condition ${index + 1}`}
            </Button>
          ))}
        </Group>
      )}
      {own.length > 0 && (
        <Text size="xs" c="red">
          {own.map(({ message }) => message).join('; ')}
        </Text>
      )}
    </Stack>
  );
}
