import { Button, Group, Select, Switch, Text } from '@mantine/core';
import { useDisclosure, useLocalStorage } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { getJson } from '../../api/get-json.ts';
import { PageHeader } from '../../app/page-header.tsx';
import { keptSearch, useUrlState } from '../../app/url-state.ts';
import { type Column, DataTable, type ListAnswer } from '../../lists/data-table.tsx';
import { policyMatchers } from '../alerts/silence.ts';
import { SilenceDialog } from '../alerts/silence-dialog.tsx';
import { type ListedPolicy, readPolicy, updatePolicy } from './policy-api.ts';
import { LEVELS } from './policy-draft.ts';
import { PolicyStateBadge } from './policy-state-badge.tsx';
import { TurnOffDialog } from './turn-off-dialog.tsx';
import { useDeed } from './use-deed.ts';

/** Policies of all sources with what has become of them. */
export default function PoliciesPage() {
  const [level, setLevel] = useUrlState('level');
  const [origin, setOrigin] = useUrlState('origin');
  const [firing, setFiring] = useUrlState('firing');
  const [silenced, setSilenced] = useState<ListedPolicy>();
  const columns: readonly Column<ListedPolicy>[] = [
    { key: 'name', title: 'Policy', sort: 'name', cell: ({ name }) => name },
    { key: 'state', title: 'State', sort: 'severity', cell: (policy) => <PolicyStateBadge policy={policy} /> },
    { key: 'level', title: 'Level', sort: 'level', cell: (policy) => policy.level },
    {
      key: 'metrics',
      title: 'Metrics',
      isWideOnly: true,
      cell: ({ metrics }) => (
        <Text size="xs" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
          {metrics.join(', ')}
        </Text>
      ),
    },
    { key: 'firing', title: 'Firing', sort: 'firing', isNumber: true, cell: ({ state }) => state?.firing ?? '–' },
    { key: 'objects', title: 'Objects', isNumber: true, isWideOnly: true, cell: ({ state }) => state?.objects ?? '–' },
    { key: 'origin', title: 'Written in', sort: 'origin', isWideOnly: true, cell: (policy) => originText(policy) },
    { key: 'enabled', title: 'Enabled', cell: (policy) => <EnabledSwitch policy={policy} /> },
    {
      key: 'actions',
      title: 'Actions',
      isWideOnly: true,
      cell: (policy) => (
        <Button variant="subtle" size="compact-xs" onClick={() => setSilenced(policy)}>
          Silence
        </Button>
      ),
    },
  ];
  return (
    <>
      <PageHeader
        title="Policies"
        actions={
          <Button component={Link} href={`/policies/new${keptSearch()}`}>
            New policy
          </Button>
        }
      />
      <DataTable<ListedPolicy>
        label="Policies"
        source={loadPolicies}
        query={{ level, origin, firing }}
        columns={columns}
        rowKey={({ id }) => id}
        rowHref={({ id }) => `/policies/${encodeURIComponent(id)}`}
        defaultSort="-severity"
        emptyTitle="No policies yet"
        emptyText="A policy says of which objects which values are worth an alert, how bad it is and who is told."
        filters={
          <Group gap="xs">
            <Select
              aria-label="Level"
              placeholder="Any level"
              w={130}
              clearable
              data={[...LEVELS]}
              value={level === '' ? null : level}
              onChange={(value) => setLevel(value ?? '')}
            />
            <Select
              aria-label="Written in"
              placeholder="Written anywhere"
              w={150}
              clearable
              data={[
                { value: 'api', label: 'here' },
                { value: 'files', label: 'files' },
                { value: 'kubernetes', label: 'Kubernetes' },
              ]}
              value={origin === '' ? null : origin}
              onChange={(value) => setOrigin(value ?? '')}
            />
            <Switch
              label="Firing"
              checked={firing === 'true'}
              onChange={(event) => setFiring(event.currentTarget.checked ? 'true' : '')}
            />
          </Group>
        }
      />
      <SilenceDialog
        matchers={silenced === undefined ? [] : policyMatchers(silenced)}
        opened={silenced !== undefined}
        onClose={() => setSilenced(undefined)}
        onDone={() => setSilenced(undefined)}
      />
    </>
  );
}

function EnabledSwitch({ policy: { id, name, enabled, isWritable, state } }: { readonly policy: ListedPolicy }) {
  const [shown, setShown] = useState(enabled);
  const [isAsking, asking] = useDisclosure(false);
  const [author] = useLocalStorage({ key: 'pharos-author', defaultValue: '' });
  const deed = useDeed();
  // Somebody else turned it.
  useEffect(() => setShown(enabled), [enabled]);
  const firing = state?.firing ?? 0;
  const turn = async (next: boolean): Promise<void> => {
    const isDone = await deed.run(async () => {
      const { policy, etag } = await readPolicy(id);
      await updatePolicy(id, { ...policy, enabled: next }, { etag: etag ?? '', author });
      setShown(next);
    });
    if (isDone) asking.close();
  };
  if (!isWritable) {
    return (
      <Text size="sm" c="dimmed" title="Can only be changed where it is written">
        {enabled ? 'yes' : 'no'}
      </Text>
    );
  }
  return (
    <>
      <Switch
        size="xs"
        aria-label={`${name} is enabled`}
        checked={shown}
        disabled={deed.isSending}
        onChange={({ currentTarget: { checked } }) => (checked || firing === 0 ? void turn(checked) : asking.open())}
        error={isAsking ? undefined : deed.error}
      />
      <TurnOffDialog
        deed="Disable"
        name={name}
        firing={firing}
        opened={isAsking}
        isSending={deed.isSending}
        error={deed.error}
        onClose={asking.close}
        onConfirm={() => void turn(false)}
      />
    </>
  );
}

async function loadPolicies(query: URLSearchParams, signal: AbortSignal): Promise<ListAnswer<ListedPolicy>> {
  const params = new URLSearchParams(query);
  const text = params.get('filter');
  params.delete('filter');
  // Policies are about all clusters.
  params.delete('cluster');
  if (text !== null) params.set('search', text);
  const { policies, total } = await getJson<{ readonly policies: readonly ListedPolicy[]; readonly total: number }>(
    `/api/v1/policies?${params}`,
    { signal },
  );
  return { items: policies, total };
}

const ORIGINS = { files: 'file', kubernetes: 'Kubernetes' } as const;

function originText({ origin, source }: ListedPolicy) {
  return origin === 'api' ? (
    'here'
  ) : (
    <Text size="xs" title={source} truncate maw={220}>
      {ORIGINS[origin]} <span style={{ color: 'var(--mantine-color-dimmed)' }}>{source}</span>
    </Text>
  );
}
