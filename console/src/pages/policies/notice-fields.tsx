import { Group, MultiSelect, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { getJson } from '../../api/get-json.ts';
import { useData } from '../../api/use-data.ts';
import { faultAt } from './draft-faults.ts';
import type { FieldFault } from './policy-api.ts';
import { LEVEL_LABELS, type Level, type PolicyDraft, type Repeat, type Severity } from './policy-draft.ts';

const INTERVALS = ['5m', '10m', '15m', '30m', '1h', '2h', '3h', '6h', '12h', '1d'];

/** Who is told of a policy's alerts, and how often. */
export function NoticeFields({
  notice,
  level,
  faults,
  onChange,
}: {
  readonly notice: PolicyDraft['notice'];
  readonly level: Level;
  readonly faults: readonly FieldFault[];
  readonly onChange: (notice: PolicyDraft['notice']) => void;
}) {
  const { data } = useData('receivers', (signal) =>
    getJson<readonly { readonly name: string }[]>('/api/v2/receivers', { signal }),
  );
  const known = data?.map(({ name }) => name) ?? [];
  const { repeat, receivers, groupBy } = notice;
  const [isByLabels, setIsByLabels] = useState((groupBy?.length ?? 0) > 0);
  const grouping =
    groupBy === undefined ? '' : groupBy[0] === '...' ? 'each' : groupBy.length > 0 || isByLabels ? 'labels' : 'all';
  const setRepeat = (next: Repeat | undefined): void => {
    const { repeat: _, ...rest } = notice;
    onChange(next === undefined ? rest : { ...rest, repeat: next });
  };
  return (
    <Stack gap="sm">
      <MultiSelect
        size="xs"
        label="Receivers"
        description="Without any, those that the routes of the configuration lead to."
        data={[...new Set([...known, ...receivers])]}
        value={[...receivers]}
        onChange={(next) => onChange({ ...notice, receivers: next })}
        searchable
        clearable
        error={faultAt(faults, 'notice.receivers')}
      />
      <Group gap="sm" align="flex-start">
        <Select
          label="One notification for"
          w={210}
          allowDeselect={false}
          data={[
            { value: '', label: 'as the routes say' },
            { value: 'each', label: 'each alert by itself' },
            { value: 'all', label: 'all alerts together' },
            { value: 'labels', label: 'alerts of the same…' },
          ]}
          value={grouping}
          onChange={(next) => {
            const { groupBy: _, ...rest } = notice;
            setIsByLabels(next === 'labels');
            if (next === 'each') onChange({ ...rest, groupBy: ['...'] });
            else onChange(next === '' ? rest : { ...rest, groupBy: [] });
          }}
          error={grouping === 'labels' ? undefined : faultAt(faults, 'notice.groupBy')}
        />
        {grouping === 'labels' && (
          <TagsInput
            size="xs"
            label="Labels"
            miw={220}
            style={{ flex: 1 }}
            data={['alertname', ...LEVEL_LABELS[level]]}
            value={[...groupBy!]}
            onChange={(next) => onChange({ ...notice, groupBy: next })}
            error={faultAt(faults, 'notice.groupBy')}
          />
        )}
      </Group>
      <Group gap="sm" align="flex-start">
        <Select
          label="Told again while it lasts"
          w={210}
          allowDeselect={false}
          data={[
            { value: '', label: 'as the routes say' },
            { value: 'once', label: 'never' },
            { value: 'every', label: 'at an interval' },
            { value: 'exponential', label: 'after ever longer times' },
          ]}
          value={repeat?.kind ?? ''}
          onChange={(kind) => {
            if (kind === null || kind === '') setRepeat(undefined);
            else setRepeat(kind === 'every' ? { kind, interval: '30m' } : { kind: kind as Repeat['kind'] });
          }}
          error={repeat?.kind === undefined ? faultAt(faults, 'notice.repeat') : undefined}
        />
        {repeat?.kind === 'every' && (
          <Select
            label="Every"
            w={100}
            allowDeselect={false}
            data={
              repeat.interval === undefined || INTERVALS.includes(repeat.interval)
                ? INTERVALS
                : [repeat.interval, ...INTERVALS]
            }
            value={repeat.interval ?? null}
            onChange={(interval) => interval !== null && setRepeat({ kind: 'every', interval })}
            error={faultAt(faults, 'notice.repeat')}
          />
        )}
        {repeat?.kind === 'exponential' && (
          <>
            <TextInput
              label="First after"
              w={100}
              placeholder="5m"
              value={repeat.first ?? ''}
              onChange={({ currentTarget: { value } }) => setRepeat(withText(repeat, 'first', value))}
              error={faultAt(faults, 'notice.repeat.first')}
            />
            <TextInput
              label="At the longest"
              w={110}
              placeholder="1d"
              value={repeat.longest ?? ''}
              onChange={({ currentTarget: { value } }) => setRepeat(withText(repeat, 'longest', value))}
              error={faultAt(faults, 'notice.repeat.longest')}
            />
          </>
        )}
      </Group>
    </Stack>
  );
}

/** What happens when an object has no value. */
export function NoDataFields({
  noData,
  faults,
  onChange,
}: {
  readonly noData: PolicyDraft['noData'];
  readonly faults: readonly FieldFault[];
  readonly onChange: (noData: PolicyDraft['noData']) => void;
}) {
  return (
    <Group gap="sm" align="flex-start">
      <Select
        label="Without data"
        w={230}
        allowDeselect={false}
        data={[
          { value: 'keep', label: 'its alert stays as it is' },
          { value: 'ok', label: 'it counts as fine' },
          { value: 'alert', label: 'that is an alert' },
        ]}
        value={noData.mode}
        onChange={(mode) => onChange({ ...noData, mode: mode as PolicyDraft['noData']['mode'] })}
        error={faultAt(faults, 'noData.mode')}
      />
      {noData.mode === 'alert' && (
        <>
          <TextInput
            label="After"
            w={90}
            value={noData.after}
            onChange={(event) => onChange({ ...noData, after: event.currentTarget.value })}
            error={faultAt(faults, 'noData.after')}
          />
          <Select
            label="Severity"
            w={110}
            allowDeselect={false}
            data={['remind', 'warn', 'serious']}
            value={noData.severity}
            onChange={(severity) => onChange({ ...noData, severity: severity as Severity })}
            error={faultAt(faults, 'noData.severity')}
          />
        </>
      )}
    </Group>
  );
}

function withText(repeat: Repeat, name: 'first' | 'longest', text: string): Repeat {
  const { [name]: _, ...rest } = repeat;
  return text === '' ? rest : { ...rest, [name]: text };
}
