import { Alert, Button, Code, Group, List, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { type FormEvent, useRef, useState } from 'react';
import { BusyButton } from '../../app/busy-button.tsx';
import { draftFaults } from './draft-faults.ts';
import { EditConflict } from './edit-conflict.tsx';
import { FormSection } from './form-section.tsx';
import { type FieldFault, type KnownPolicy, PolicyRefused, policyOfYaml, policyYaml } from './policy-api.ts';
import type { PolicyDraft } from './policy-draft.ts';
import { PolicyFields } from './policy-fields.tsx';
import classes from './policy-form.module.css';
import { PolicyPreview } from './policy-preview.tsx';
import { YamlEditor } from './yaml-editor.tsx';

/** A version that is being changed. */
export interface EditedVersion {
  readonly policy: PolicyDraft;
  /** '' of a new policy. */
  readonly etag: string;
}

/** Writes a policy, in fields or as YAML. What the server has against it stands at the fields. */
export function PolicyForm({
  initial,
  saveText,
  onSave,
  onCancel,
  loadNewest,
}: {
  readonly initial: EditedVersion;
  readonly saveText: string;
  /** Rejects with a PolicyRefused. */
  readonly onSave: (draft: PolicyDraft, to: { readonly author: string; readonly etag: string }) => Promise<void>;
  readonly onCancel: () => void;
  /** Fetches the newest version, when somebody else was faster. */
  readonly loadNewest?: () => Promise<KnownPolicy>;
}) {
  const [base, setBase] = useState(initial);
  const [draft, setDraft] = useState(initial.policy);
  // Undefined while fields are shown.
  const [yaml, setYaml] = useState<string>();
  const [read, setRead] = useState<{ readonly yaml: string; readonly draft: PolicyDraft }>();
  const [faults, setFaults] = useState<readonly FieldFault[]>([]);
  const [refused, setRefused] = useState<PolicyRefused>();
  const [newest, setNewest] = useState<KnownPolicy>();
  const [isSaving, setIsSaving] = useState(false);
  const [author, setAuthor] = useLocalStorage({ key: 'pharos-author', defaultValue: '' });
  // Fields that keep what is half written begin anew with another draft.
  const [edition, setEdition] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  const problems = useRef<HTMLDivElement>(null);
  // They are on the page after the next rendering; one goes on at the first field that is wrong.
  const show = (): void => {
    requestAnimationFrame(() => {
      problems.current?.scrollIntoView({ block: 'nearest' });
      form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
    });
  };
  const set = (change: Partial<PolicyDraft>): void => {
    setDraft({ ...draft, ...change });
    // What is being put right is not held against anybody.
    const changed = Object.keys(change);
    setFaults(faults.filter(({ field }) => !changed.some((name) => field === name || field.startsWith(name))));
    setRefused(undefined);
  };
  const refuse = async (error: unknown): Promise<void> => {
    const known = error instanceof PolicyRefused ? error : new PolicyRefused(String(error), 0, []);
    setRefused(known);
    setFaults(known.faults);
    if (known.isConflict && loadNewest !== undefined) {
      try {
        setNewest(await loadNewest());
      } catch (other) {
        setRefused(other instanceof PolicyRefused ? other : known);
      }
    }
    show();
  };
  /** What is to be saved or tried; undefined when something is wrong, which is shown then. */
  const current = async (): Promise<PolicyDraft | undefined> => {
    setRefused(undefined);
    setFaults([]);
    if (yaml === undefined) {
      const found = draftFaults(draft);
      setFaults(found);
      if (found.length > 0) show();
      return found.length === 0 ? draft : undefined;
    }
    if (read?.yaml === yaml) return read.draft;
    try {
      const written = await policyOfYaml(yaml);
      // An id stays; a resource has none of its own.
      const next = { ...(draft.id !== undefined && { id: draft.id }), ...written };
      setRead({ yaml, draft: next });
      setDraft(next);
      return next;
    } catch (error) {
      await refuse(error);
      return undefined;
    }
  };
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setIsSaving(true);
    const wanted = await current();
    try {
      if (wanted !== undefined) await onSave(wanted, { author, etag: base.etag });
    } catch (error) {
      await refuse(error);
    } finally {
      setIsSaving(false);
    }
  };
  const showAs = async (view: string): Promise<void> => {
    const wanted = await current();
    if (wanted === undefined) return;
    if (view === 'fields') {
      setYaml(undefined);
      setEdition(edition + 1);
      return;
    }
    try {
      const { file } = await policyYaml(wanted);
      setRead({ yaml: file, draft: wanted });
      setYaml(file);
    } catch (error) {
      await refuse(error);
    }
  };
  const take = (next: PolicyDraft): void => {
    setBase({ policy: newest!.policy, etag: newest!.etag ?? '' });
    setDraft(next);
    setYaml(undefined);
    setEdition(edition + 1);
    setNewest(undefined);
    setRefused(undefined);
    setFaults([]);
  };
  const isConflict = newest !== undefined && refused?.isConflict === true;
  return (
    <form ref={form} onSubmit={(event) => void save(event)} noValidate className={classes.form}>
      <Stack gap="md" miw={0}>
        <SegmentedControl
          size="xs"
          aria-label="Write it in"
          style={{ alignSelf: 'flex-start' }}
          value={yaml === undefined ? 'fields' : 'yaml'}
          onChange={(view) => void showAs(view)}
          data={[
            { value: 'fields', label: 'Fields' },
            { value: 'yaml', label: 'YAML' },
          ]}
        />
        {yaml === undefined ? (
          <PolicyFields key={edition} draft={draft} faults={faults} onChange={set} onReplace={setDraft} />
        ) : (
          <YamlEditor text={yaml} onChange={setYaml} />
        )}
      </Stack>
      <Stack gap="md" miw={0} className={classes.side}>
        <FormSection title="What it would have done">
          <PolicyPreview subject={yaml ?? draft} onAsk={current} onRefused={(error) => void refuse(error)} />
        </FormSection>
        <div ref={problems}>
          {isConflict && <EditConflict base={base.policy} mine={draft} newest={newest} onTake={take} />}
          {!isConflict && (faults.length > 0 || refused !== undefined) && (
            <Alert color="red" role="alert" title={faults.length > 0 ? 'Not yet right' : 'Not saved'}>
              {faults.length > 0 ? (
                <List size="sm">
                  {faults.map(({ field, message }) => (
                    <List.Item key={`${field} ${message}`} style={{ overflowWrap: 'anywhere' }}>
                      {field !== '' && <Code>{field}</Code>} {message}
                    </List.Item>
                  ))}
                </List>
              ) : (
                <Text size="sm">{refused?.message}</Text>
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
          <BusyButton type="submit" isBusy={isSaving}>
            {saveText}
          </BusyButton>
        </Group>
      </Stack>
    </form>
  );
}
