import { Alert, Badge, Button, Code, Group, List, Loader, Modal, Stack, Tabs, Text } from '@mantine/core';
import { useDisclosure, useLocalStorage } from '@mantine/hooks';
import { useState } from 'react';
import { useLocation, useParams } from 'wouter';
import { useData } from '../../api/use-data.ts';
import { ErrorState } from '../../app/error-state.tsx';
import { PageHeader } from '../../app/page-header.tsx';
import { keptSearch, useUrlState } from '../../app/url-state.ts';
import { policyMatchers } from '../alerts/silence.ts';
import { SilenceDialog } from '../alerts/silence-dialog.tsx';
import { conditionText } from './condition-query.ts';
import { deletePolicy, type KnownPolicy, readPolicy, updatePolicy } from './policy-api.ts';
import { PolicyForm } from './policy-form.tsx';
import { PolicyObjects } from './policy-objects.tsx';
import { PolicyStateBadge } from './policy-state-badge.tsx';
import { PolicyVersions } from './policy-versions.tsx';

const INTERVAL = 10_000;

/** One policy: the objects that are not fine, what it says, and who wrote it. */
export default function PolicyPage() {
  const { id = '' } = useParams();
  const [view, setView] = useUrlState('view', 'objects');
  const { data, error, reload } = useData(id, (signal) => readPolicy(id, signal), view === 'edit' ? 0 : INTERVAL);
  if (data === undefined) {
    if (error !== undefined) return <ErrorState title="The policy cannot be read" error={error} onRetry={reload} />;
    return <Loader m="xl" aria-label="Loading" />;
  }
  const { name, description, isWritable, isInForce, problems, policy, etag, version, state, level } = data;
  const edited = view === 'edit' && isWritable && etag !== undefined;
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
        actions={<Actions policy={data} onEdit={() => setView('edit')} onChange={reload} />}
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
          key={version}
          initial={policy}
          saveText="Save changes"
          onSave={async (draft, author) => {
            await updatePolicy(id, draft, { etag, author });
            setView('objects');
            reload();
          }}
          onCancel={() => setView('objects')}
          onReload={reload}
        />
      ) : (
        <Stack gap="md">
          <Text size="sm" component="div">
            {policy.conditions.map((condition, i) => (
              <div key={conditionText(condition)}>
                {i > 0 && <b>{policy.union === 'all' ? 'and ' : 'or '}</b>}
                {conditionText(condition)}
              </div>
            ))}
          </Text>
          <Tabs value={view} onChange={(next) => setView(next ?? 'objects')} keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="objects">Objects</Tabs.Tab>
              <Tabs.Tab value="definition">Definition</Tabs.Tab>
              {isWritable && <Tabs.Tab value="versions">Versions</Tabs.Tab>}
            </Tabs.List>
            <Tabs.Panel value="objects" pt="md">
              <PolicyObjects id={id} objects={state?.objects ?? 0} enabled={policy.enabled} />
            </Tabs.Panel>
            <Tabs.Panel value="definition" pt="md">
              <Code block>{JSON.stringify(policy, undefined, 2)}</Code>
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
  const { id, name, isWritable, etag, enabled } = policy;
  const [isSilencing, silencing] = useDisclosure(false);
  const [isDeleting, deleting] = useDisclosure(false);
  const [error, setError] = useState<string>();
  const [author] = useLocalStorage({ key: 'pharos-author', defaultValue: '' });
  const [, navigate] = useLocation();
  const attempt = async (change: () => Promise<unknown>): Promise<void> => {
    setError(undefined);
    try {
      await change();
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown));
    }
  };
  const remove = (): Promise<void> =>
    attempt(async () => {
      await deletePolicy(id, { etag: etag ?? '', author });
      navigate(`/policies${keptSearch()}`);
    });
  const turn = (): Promise<void> =>
    attempt(async () => {
      await updatePolicy(id, { ...policy.policy, enabled: !enabled }, { etag: etag ?? '', author });
      onChange();
    });
  return (
    <Group gap="xs">
      {error !== undefined && (
        <Text size="xs" c="red" role="alert" maw={320}>
          {error}
        </Text>
      )}
      <Button variant="default" onClick={silencing.open}>
        Silence
      </Button>
      {isWritable && (
        <>
          <Button variant="default" onClick={() => void turn()}>
            {enabled ? 'Disable' : 'Enable'}
          </Button>
          <Button variant="default" color="red" onClick={deleting.open}>
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
      <Modal opened={isDeleting} onClose={deleting.close} title={`Delete ${name}?`} centered size="sm">
        <Stack>
          <Text size="sm">Its alerts end. Its versions and what it has told stay to be read.</Text>
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={deleting.close}>
              Keep it
            </Button>
            <Button color="red" onClick={() => void remove()}>
              Delete
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Group>
  );
}
