import {
  Alert,
  Button,
  Card,
  Code,
  Group,
  List,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
  Title,
} from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { ConditionFields } from './condition-fields.tsx';
import { draftFaults, faultAt } from './draft-faults.ts';
import { useCatalogue } from './metric-catalogue.ts';
import { NoDataFields, NoticeFields } from './notice-fields.tsx';
import { type FieldFault, PolicyRefused } from './policy-api.ts';
import { type DraftCondition, LEVELS, type Level, NEW_CONDITION, type PolicyDraft } from './policy-draft.ts';
import classes from './policy-form.module.css';
import { PolicyPreview } from './policy-preview.tsx';
import { SelectorFields } from './selector-fields.tsx';

/** Writes a policy. What the server has against it stands at the fields; `onSave` rejects with a PolicyRefused. */
export function PolicyForm({
  initial,
  saveText,
  onSave,
  onCancel,
  onReload,
}: {
  readonly initial: PolicyDraft;
  readonly saveText: string;
  readonly onSave: (draft: PolicyDraft, author: string) => Promise<void>;
  readonly onCancel: () => void;
  /** Fetches the newest version, when somebody else was faster. */
  readonly onReload?: () => void;
}) {
  const [draft, setDraft] = useState(initial);
  const [faults, setFaults] = useState<readonly FieldFault[]>([]);
  const [refused, setRefused] = useState<PolicyRefused>();
  const [isSaving, setIsSaving] = useState(false);
  const [author, setAuthor] = useLocalStorage({ key: 'pharos-author', defaultValue: '' });
  const { data: catalogue = [] } = useCatalogue();
  const problems = useRef<HTMLDivElement>(null);
  const set = (change: Partial<PolicyDraft>): void => {
    setDraft({ ...draft, ...change });
    // What is being put right is not held against anybody.
    const changed = Object.keys(change);
    setFaults(faults.filter(({ field }) => !changed.some((name) => field === name || field.startsWith(name))));
  };
  const check = (): boolean => {
    const found = draftFaults(draft);
    setRefused(undefined);
    setFaults(found);
    if (found.length > 0) problems.current?.scrollIntoView({ block: 'nearest' });
    return found.length === 0;
  };
  const refuse = (error: unknown): void => {
    const known = error instanceof PolicyRefused ? error : new PolicyRefused(String(error), 0, []);
    setRefused(known);
    setFaults(known.faults);
    problems.current?.scrollIntoView({ block: 'nearest' });
  };
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!check()) return;
    setIsSaving(true);
    try {
      await onSave(draft, author);
    } catch (error) {
      refuse(error);
    } finally {
      setIsSaving(false);
    }
  };
  const setConditions = (conditions: readonly DraftCondition[]): void => set({ conditions });
  return (
    <form onSubmit={(event) => void save(event)} noValidate className={classes.form}>
      <Stack gap="md" miw={0}>
        <Section title="Policy">
          <TextInput
            label="Name"
            description="The alertname of its alerts"
            required
            value={draft.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
            error={faultAt(faults, 'name') ?? faultAt(faults, 'id')}
          />
          <Textarea
            size="xs"
            label="Description"
            autosize
            value={draft.description}
            onChange={(event) => set({ description: event.currentTarget.value })}
            error={faultAt(faults, 'description')}
          />
          <TextInput
            label="Summary of its alerts"
            placeholder="Pod {{ $labels.pod }} restarted {{ $value }} times"
            value={draft.annotations.summary ?? ''}
            onChange={(event) => {
              const { summary: _, ...others } = draft.annotations;
              const { value } = event.currentTarget;
              set({ annotations: value === '' ? others : { ...others, summary: value } });
            }}
            error={faultAt(faults, 'annotations')}
          />
          <Switch
            label="Enabled"
            checked={draft.enabled}
            onChange={(event) => set({ enabled: event.currentTarget.checked })}
          />
        </Section>
        <Section title="Objects">
          <Select
            label="Level"
            w={160}
            allowDeselect={false}
            data={[...LEVELS]}
            value={draft.level}
            onChange={(level) => set({ level: level as Level, objects: { include: {}, exclude: {} } })}
            error={faultAt(faults, 'level')}
          />
          <SelectorFields
            objects={draft.objects}
            level={draft.level}
            faults={faults}
            onChange={(objects) => set({ objects })}
          />
        </Section>
        <Section title="Conditions">
          {draft.conditions.length > 1 && (
            <SegmentedControl
              size="xs"
              aria-label="Which conditions must hold"
              style={{ alignSelf: 'flex-start' }}
              value={draft.union}
              onChange={(union) => set({ union: union as PolicyDraft['union'] })}
              data={[
                { value: 'any', label: 'Any of them' },
                { value: 'all', label: 'All of them together' },
              ]}
            />
          )}
          {draft.conditions.map((condition, i) => (
            <ConditionFields
              key={i}
              condition={condition}
              level={draft.level}
              place={`conditions[${i}]`}
              title={draft.conditions.length === 1 ? 'Condition' : `Condition ${i + 1}`}
              catalogue={catalogue}
              faults={faults}
              onChange={(changed) => setConditions(draft.conditions.with(i, changed))}
              onRemove={draft.conditions.length > 1 ? () => setConditions(draft.conditions.toSpliced(i, 1)) : undefined}
            />
          ))}
          <Button
            variant="default"
            style={{ alignSelf: 'flex-start' }}
            onClick={() => setConditions([...draft.conditions, NEW_CONDITION])}
          >
            Add a condition
          </Button>
          <NoDataFields noData={draft.noData} faults={faults} onChange={(noData) => set({ noData })} />
        </Section>
        <Section title="Notice">
          <NoticeFields notice={draft.notice} faults={faults} onChange={(notice) => set({ notice })} />
        </Section>
        {(draft.overrides?.length ?? 0) > 0 && (
          <Text size="sm" c="dimmed">
            {draft.overrides!.length} overrides for some objects stay as they are.
          </Text>
        )}
      </Stack>
      <Stack gap="md" miw={0} className={classes.side}>
        <Section title="What it would have done">
          <PolicyPreview draft={draft} onAsk={check} onRefused={refuse} />
        </Section>
        <div ref={problems}>
          {(faults.length > 0 || refused !== undefined) && (
            <Alert color="red" role="alert" title={refused?.isConflict ? 'Somebody else was faster' : 'Not yet right'}>
              {faults.length > 0 ? (
                <List size="sm">
                  {faults.map(({ field, message }) => (
                    <List.Item key={`${field} ${message}`}>
                      {field !== '' && <Code>{field}</Code>} {message}
                    </List.Item>
                  ))}
                </List>
              ) : (
                <Text size="sm">{refused?.message}</Text>
              )}
              {refused?.isConflict === true && onReload !== undefined && (
                <Button variant="default" mt="xs" onClick={onReload}>
                  Load the newest version
                </Button>
              )}
            </Alert>
          )}
        </div>
        <Group gap="xs" align="flex-end">
          <TextInput
            label="Author"
            w={160}
            placeholder="Who writes it"
            value={author}
            onChange={(event) => setAuthor(event.currentTarget.value)}
          />
          <div style={{ flex: 1 }} />
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={isSaving}>
            {saveText}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Card withBorder padding="md" component="section" aria-label={title} style={{ overflow: 'visible' }}>
      <Title order={2} size="h5" mb="sm">
        {title}
      </Title>
      <Stack gap="sm">{children}</Stack>
    </Card>
  );
}
