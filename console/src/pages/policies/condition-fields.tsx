import { Button, Fieldset, Group, NumberInput, Select, SimpleGrid, Stack, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { faultAt } from './draft-faults.ts';
import type { CatalogueMetric } from './metric-catalogue.ts';
import { metricUnit } from './metric-catalogue.ts';
import type { FieldFault } from './policy-api.ts';
import { type DraftCondition, type Level, usualFor } from './policy-draft.ts';
import { SeverityNumbers } from './severity-numbers.tsx';

const STATISTICS = [
  { value: 'avg', label: 'average' },
  { value: 'min', label: 'minimum' },
  { value: 'max', label: 'maximum' },
  { value: 'sum', label: 'sum' },
  { value: 'last', label: 'last value' },
];
const OPERATORS = [
  { value: 'gt', label: '> above' },
  { value: 'ge', label: '≥ at least' },
  { value: 'lt', label: '< below' },
  { value: 'le', label: '≤ at most' },
  { value: 'eq', label: '= equal to' },
  { value: 'ne', label: '≠ other than' },
  { value: 'increase', label: '↑ grew by %' },
  { value: 'decrease', label: '↓ fell by %' },
];
const COMPARISONS = [
  { value: 'period', label: 'the period before' },
  { value: 'day', label: 'the day before' },
  { value: 'week', label: 'the week before' },
];
const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const PERIODS = ['1m', '5m', '10m', '15m', '30m', '1h', '6h', '1d'];

/** One condition of a policy; `place` is its field: `conditions[0]`. */
export function ConditionFields({
  condition,
  level,
  place,
  title,
  catalogue,
  faults,
  onChange,
  onRemove,
}: {
  readonly condition: DraftCondition;
  readonly level: Level;
  readonly place: string;
  readonly title: string;
  readonly catalogue: readonly CatalogueMetric[];
  readonly faults: readonly FieldFault[];
  readonly onChange: (condition: DraftCondition) => void;
  /** Undefined when it is the only one. */
  readonly onRemove: (() => void) | undefined;
}) {
  const { metric, period, statistic, operator, comparison, periods, outOf } = condition;
  const set = (change: Partial<DraftCondition>): void => onChange({ ...condition, ...change });
  const error = (field: string): string | undefined => faultAt(faults, `${place}.${field}`);
  const ofLevel = catalogue.filter((one) => one.level === level);
  const isChange = operator === 'increase' || operator === 'decrease';
  const unit = isChange ? '%' : metricUnit(metric, ofLevel.find(({ name }) => name === metric)?.unit);
  const names = ofLevel.map(({ name }) => name);
  const [search, setSearch] = useState('');
  // Any other metric that has the level's labels will do.
  const others = [metric, search].filter((name) => METRIC.test(name) && !names.includes(name));
  const isUnknown = metric.startsWith('k8s_') && catalogue.length > 0 && !names.includes(metric);
  return (
    <Fieldset legend={title} px="md">
      <Stack gap="sm">
        <Select
          label="Metric"
          searchable
          selectFirstOptionOnChange
          required
          withAsterisk
          placeholder="Search the catalogue, or name any other metric"
          nothingFoundMessage={`The catalogue has no such metric of a ${level}`}
          // Enter takes the first: what was typed if there is such a metric, else what is like it.
          data={[...new Set([...names.filter((name) => name === search), ...names, ...others])]}
          onSearchChange={setSearch}
          value={metric === '' ? null : metric}
          onChange={(value) => value !== null && set({ metric: value, ...usualFor(value) })}
          renderOption={({ option }) => (
            <MetricOption metric={ofLevel.find(({ name }) => name === option.value)} name={option.value} />
          )}
          description={ofLevel.find(({ name }) => name === metric)?.help}
          error={error('metric')}
          maxDropdownHeight={320}
        />
        {(isUnknown || condition.custom === true) && (
          <Switch
            label="It is none of the catalogue although its name begins with k8s_"
            checked={condition.custom === true}
            onChange={({ currentTarget: { checked } }) => {
              const { custom: _, ...rest } = condition;
              onChange(checked ? { ...rest, custom: true } : rest);
            }}
            error={error('custom')}
          />
        )}
        <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
          <Select
            label="Statistic"
            data={STATISTICS}
            value={statistic}
            allowDeselect={false}
            onChange={(value) => set({ statistic: value as DraftCondition['statistic'] })}
            error={error('statistic')}
          />
          <Select
            label="Over a period of"
            data={PERIODS.includes(period) ? PERIODS : [period, ...PERIODS]}
            value={period}
            allowDeselect={false}
            onChange={(value) => value !== null && set({ period: value })}
            error={error('period')}
          />
          <Select
            label="Is"
            data={OPERATORS}
            value={operator}
            allowDeselect={false}
            onChange={(value) => {
              const { comparison: _, ...rest } = condition;
              const next = value as DraftCondition['operator'];
              const keeps = next === 'increase' || next === 'decrease';
              onChange({ ...(keeps ? condition : rest), operator: next });
            }}
            error={error('operator')}
          />
          {isChange && (
            <Select
              label="Since"
              data={COMPARISONS}
              value={comparison ?? 'period'}
              allowDeselect={false}
              onChange={(value) => set({ comparison: value as NonNullable<DraftCondition['comparison']> })}
              error={error('comparison')}
            />
          )}
        </SimpleGrid>
        <SeverityNumbers
          title="Thresholds"
          values={condition.thresholds}
          unit={unit}
          error={error('thresholds') ?? error('threshold')}
          onChange={(thresholds) => set({ thresholds })}
        />
        <SeverityNumbers
          title="Recovered at (default: the threshold)"
          values={condition.recoveryThresholds ?? {}}
          unit={unit}
          error={error('recoveryThresholds') ?? error('recoveryThreshold')}
          onChange={(recoveryThresholds) => {
            const { recoveryThresholds: _, ...rest } = condition;
            onChange(Object.keys(recoveryThresholds).length === 0 ? rest : { ...rest, recoveryThresholds });
          }}
        />
        <Group gap="sm" align="flex-start">
          <NumberInput
            label="In periods"
            size="xs"
            w={110}
            min={1}
            max={1000}
            allowDecimal={false}
            value={periods}
            onChange={(value) => {
              const next = Number(value) || 1;
              set({ periods: next, outOf: outOf === undefined || outOf === periods ? next : outOf });
            }}
            error={error('periods')}
          />
          <NumberInput
            label="Of the last"
            size="xs"
            w={110}
            min={1}
            max={1000}
            allowDecimal={false}
            value={outOf ?? periods}
            onChange={(value) => set({ outOf: Number(value) || periods })}
            error={error('outOf')}
          />
          {onRemove !== undefined && (
            <Button variant="subtle" color="red" mt={22} ml="auto" onClick={onRemove}>
              Remove condition
            </Button>
          )}
        </Group>
      </Stack>
    </Fieldset>
  );
}

function MetricOption({ metric, name }: { readonly metric: CatalogueMetric | undefined; readonly name: string }) {
  return (
    <div>
      <Group gap={6} wrap="nowrap" justify="space-between">
        <Text size="xs" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
          {name}
        </Text>
        <Text size="xs" c="dimmed" style={{ flexShrink: 0 }}>
          {metric?.unit}
        </Text>
      </Group>
      <Text size="xs" c="dimmed">
        {metric?.help}
      </Text>
    </div>
  );
}
