import { Alert, Badge, Button, Code, Group, List, Loader, Stack, Tabs, Text } from '@mantine/core';
import { useDisclosure, useLocalStorage } from '@mantine/hooks';
import { useState } from 'react';
import { useLocation, useParams } from 'wouter';
import { useData } from '../../api/use-data.ts';
import { BusyButton } from '../../app/busy-button.tsx';
import { ErrorState } from '../../app/error-state.tsx';
import { PageHeader } from '../../app/page-header.tsx';
import { keptSearch, useUrlState } from '../../app/url-state.ts';
import { policyMatchers } from '../alerts/silence.ts';
import { SilenceDialog } from '../alerts/silence-dialog.tsx';
import { conditionText } from './condition-query.ts';
import { deletePolicy, type KnownPolicy, readPolicy, updatePolicy } from './policy-api.ts';
import { PolicyDryRun } from './policy-dry-run.tsx';
import { PolicyForm } from './policy-form.tsx';
import { PolicyObjects } from './policy-objects.tsx';
import { PolicyStateBadge } from './policy-state-badge.tsx';
import { PolicyVersions } from './policy-versions.tsx';
import { PolicyYamlView } from './policy-yaml-view.tsx';
import { TurnOffDialog } from './turn-off-dialog.tsx';
import { useDeed } from './use-deed.ts';

/** One policy: the objects that are not fine, what it says, and who wrote it. */
export default function PolicyPage() {
  const { id = '' } = useParams();
  const [view, setView] = useUrlState('view', 'objects');
  const { data, error, reload } = useData(id, (signal) => readPolicy(id, signal), view !== 'edit');
  if (data === undefined) {
    if (error !== undefined) {
      return (
        <>
          <PageHeader title={id} crumbs={[{ title: 'Policies', href: '/policies' }]} />
          <ErrorState title="The policy cannot be read" error={error} onRetry={reload} />
        </>
      );
    }
    return <Loader role="status" m="xl" aria-label="Loading" />;
  }
  const { name, description, isWritable, isInForce, problems, policy, etag, state, level } = data;
  const edited = view === 'edit' && isWritable && etag !== undefined;
  // What cannot be changed here is shown.
  const tab = view === 'edit' ? 'objects' : view;
  return (
    <>
      <PageHeader
        title={name}
        crumbs={[{ title: 'Policies', href: '/policies' }]}
        description={description === '' ? undefined : description}
        badges={
          <Group gap={6}>
            <PolicyStateBadge policy={data} />
            <Badge color="gray">{level}</Badge>
          </Group>
        }
        actions={edited ? undefined : <Actions policy={data} onEdit={() => setView('edit')} onChange={reload} />}
      />
      {!isInForce && problems.length > 0 && (
        <Alert color="red" title="It is not in force" mb="md">
          <List size="sm">
            {problems.map(({ field, message }) => (
              <List.Item key={field + message}>
                {field !== '' && <Code>{field}</Code>} {message}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
      {edited ? (
        <PolicyForm
          initial={{ policy, etag }}
          saveText="Save changes"
          onSave={async (draft, to) => {
            await updatePolicy(id, draft, to);
            setView('objects');
            reload();
          }}
          onCancel={() => setView('objects')}
          loadNewest={() => readPolicy(id)}
        />
      ) : (
        <Stack gap="md">
          <Origin policy={data} />
          <Text size="sm" component="div">
            {(policy.conditions ?? []).map((condition, i) => (
              <div key={conditionText(condition)}>
                {i > 0 && <b>{policy.union === 'all' ? 'and ' : 'or '}</b>}
                {conditionText(condition)}
              </div>
            ))}
          </Text>
          <Tabs value={tab} onChange={(next) => setView(next ?? 'objects')} keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="objects">Objects</Tabs.Tab>
              <Tabs.Tab value="preview">Dry run</Tabs.Tab>
              <Tabs.Tab value="definition">YAML</Tabs.Tab>
              {isWritable && <Tabs.Tab value="versions">Versions</Tabs.Tab>}
            </Tabs.List>
            <Tabs.Panel value="objects" pt="md">
              <PolicyObjects id={id} objects={state?.objects ?? 0} enabled={policy.enabled} />
            </Tabs.Panel>
            <Tabs.Panel value="preview" pt="md">
              <PolicyDryRun policy={policy} />
            </Tabs.Panel>
            <Tabs.Panel value="definition" pt="md">
              <PolicyYamlView policy={policy} isResource={data.origin === 'kubernetes'} />
            </Tabs.Panel>
            <Tabs.Panel value="versions" pt="md">
              <PolicyVersions id={id} />
            </Tabs.Panel>
          </Tabs>
        </Stack>
      )}
    </>
  );
}

function Actions({
  policy,
  onEdit,
  onChange,
}: {
  readonly policy: KnownPolicy;
  readonly onEdit: () => void;
  readonly onChange: () => void;
}) {
  const { id, name, isWritable, etag = '', enabled, state } = policy;
  const [isSilencing, silencing] = useDisclosure(false);
  const [asked, setAsked] = useState<'Disable' | 'Delete'>();
  const deed = useDeed();
  const [author] = useLocalStorage({ key: 'pharos-author', defaultValue: '' });
  const [, navigate] = useLocation();
  const turn = async (next: boolean): Promise<void> => {
    const isDone = await deed.run(() => updatePolicy(id, { ...policy.policy, enabled: next }, { etag, author }));
    onChange();
    if (isDone) setAsked(undefined);
  };
  const remove = async (): Promise<void> => {
    if (await deed.run(() => deletePolicy(id, { etag, author }))) navigate(`/policies${keptSearch()}`);
    else onChange();
  };
  const firing = state?.firing ?? 0;
  return (
    <Group gap="xs">
      {deed.error !== undefined && asked === undefined && (
        <Text size="xs" c="red" role="alert" maw={320}>
          {deed.error}
        </Text>
      )}
      <Button variant="default" onClick={silencing.open}>
        Silence
      </Button>
      {isWritable && (
        <>
          <BusyButton
            variant="default"
            isBusy={deed.isSending && asked === undefined}
            onClick={() => (enabled && firing > 0 ? setAsked('Disable') : void turn(!enabled))}
          >
            {enabled ? 'Disable' : 'Enable'}
          </BusyButton>
          <Button variant="default" c="var(--mantine-color-error)" onClick={() => setAsked('Delete')}>
            Delete
          </Button>
          <Button onClick={onEdit}>Edit</Button>
        </>
      )}
      <SilenceDialog
        matchers={policyMatchers(policy)}
        opened={isSilencing}
        onClose={silencing.close}
        onDone={onChange}
      />
      <TurnOffDialog
        deed={asked ?? 'Delete'}
        name={name}
        firing={firing}
        opened={asked !== undefined}
        isSending={deed.isSending}
        error={deed.error}
        onClose={() => setAsked(undefined)}
        onConfirm={() => void (asked === 'Disable' ? turn(false) : remove())}
      />
    </Group>
  );
}

/** Where a policy is written that can only be read here. */
function Origin({ policy: { origin, source, isWritable } }: { readonly policy: KnownPolicy }) {
  if (isWritable) return null;
  return (
    <Text size="sm" c="dimmed">
      {origin === 'kubernetes' ? 'It is the Kubernetes resource ' : 'It is written in '}
      <Code>{source}</Code>, and can be changed only there.
    </Text>
  );
}
