import { ActionIcon, Button, Group, Menu, Stack, TagsInput, Text } from '@mantine/core';
import { getJson } from '../../api/get-json.ts';
import { useData } from '../../api/use-data.ts';
import { Icon } from '../../app/icon.tsx';
import { faultAt } from './draft-faults.ts';
import type { FieldFault } from './policy-api.ts';
import { LEVEL_LABELS, type Level, type Selector } from './policy-draft.ts';

const MOST = 200;
/** A metric that every object of a level has, from which values of its labels are offered. */
const PRESENCE: Readonly<Record<Level, string>> = {
  cluster: 'k8s_cluster_node_total',
  node: 'k8s_node_status_ready',
  namespace: 'k8s_namespace_abnormal',
  workload: 'k8s_workload_abnormal',
  pod: 'k8s_pod_status_ready',
  container: 'k8s_container_cpu_core_used',
  service: 'k8s_service_abnormal',
};

/** Which objects of a level: labels that must, and must not, have one of some values. */
export function SelectorFields({
  objects,
  level,
  place = 'objects',
  allText = `Every ${level}.`,
  faults,
  onChange,
}: {
  readonly objects: Selector;
  readonly level: Level;
  /** Its field. Default: `objects`. */
  readonly place?: string;
  /** Said while nothing is chosen. */
  readonly allText?: string;
  readonly faults: readonly FieldFault[];
  readonly onChange: (objects: Selector) => void;
}) {
  const isAll = Object.keys(objects.include).length + Object.keys(objects.exclude).length === 0;
  const add = (side: keyof Selector, label: string): void =>
    onChange({ ...objects, [side]: { ...objects[side], [label]: [] } });
  return (
    <Stack gap="xs">
      {isAll && (
        <Text size="sm" c="dimmed">
          {allText}
        </Text>
      )}
      {(['include', 'exclude'] as const).flatMap((side) =>
        Object.entries(objects[side]).map(([label, values]) => (
          <LabelValues
            key={`${side} ${label}`}
            level={level}
            label={label}
            side={side}
            values={values}
            error={faultAt(faults, `${place}.${side}.${label}`)}
            onChange={(next) => {
              const { [label]: _, ...rest } = objects[side];
              onChange({ ...objects, [side]: next === undefined ? rest : { ...objects[side], [label]: next } });
            }}
          />
        )),
      )}
      <Group gap="xs">
        {(['include', 'exclude'] as const).map((side) => {
          const left = LEVEL_LABELS[level].filter((label) => objects[side][label] === undefined);
          if (left.length === 0) return null;
          return (
            <Menu key={side} position="bottom-start">
              <Menu.Target>
                <Button variant="default">{side === 'include' ? 'Only with…' : 'All but…'}</Button>
              </Menu.Target>
              <Menu.Dropdown>
                {left.map((label) => (
                  <Menu.Item key={label} onClick={() => add(side, label)}>
                    {label}
                  </Menu.Item>
                ))}
              </Menu.Dropdown>
            </Menu>
          );
        })}
      </Group>
      {faultAt(faults, place) !== undefined && isAll && (
        <Text size="xs" c="red">
          {faultAt(faults, place)}
        </Text>
      )}
    </Stack>
  );
}

function LabelValues({
  level,
  label,
  side,
  values,
  error,
  onChange,
}: {
  readonly level: Level;
  readonly label: string;
  readonly side: keyof Selector;
  readonly values: readonly string[];
  readonly error: string | undefined;
  readonly onChange: (values: readonly string[] | undefined) => void;
}) {
  const { data } = useData(`${level} ${label}`, (signal) => {
    const params = new URLSearchParams({ 'match[]': PRESENCE[level], limit: '2000' });
    return getJson<readonly string[]>(`/api/v1/label/${label}/values?${params}`, { signal });
  });
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <Text size="sm" w={150} pt={5} style={{ flexShrink: 0 }}>
        {label} {side === 'exclude' && <b>not</b>}
      </Text>
      <TagsInput
        size="xs"
        style={{ flex: 1 }}
        miw={0}
        aria-label={`${label} ${side === 'exclude' ? 'not ' : ''}among`}
        placeholder={values.length === 0 ? 'A value, or a pattern with *' : ''}
        data={data ?? []}
        limit={MOST}
        maxDropdownHeight={240}
        value={[...values]}
        onChange={onChange}
        error={error}
      />
      <ActionIcon
        variant="subtle"
        color="gray"
        mt={2}
        aria-label={`Remove ${label}`}
        onClick={() => onChange(undefined)}
      >
        <Icon name="close" size={14} />
      </ActionIcon>
    </Group>
  );
}
