import { Button, SegmentedControl, Select, Switch, Textarea, TextInput } from '@mantine/core';
import { ConditionFields } from './condition-fields.tsx';
import { faultAt } from './draft-faults.ts';
import { FormSection } from './form-section.tsx';
import { useCatalogue } from './metric-catalogue.ts';
import { NoDataFields, NoticeFields } from './notice-fields.tsx';
import { OverridesFields } from './overrides-fields.tsx';
import type { FieldFault } from './policy-api.ts';
import {
  atLevel,
  type DraftCondition,
  LEVELS,
  type Level,
  NEW_CONDITION,
  type PolicyDraft,
  withoutCondition,
} from './policy-draft.ts';
import { SelectorFields } from './selector-fields.tsx';
import { TextPairs } from './text-pairs.tsx';

/** Every key of a policy as a field. */
export function PolicyFields({
  draft,
  faults,
  onChange,
  onReplace,
}: {
  readonly draft: PolicyDraft;
  readonly faults: readonly FieldFault[];
  readonly onChange: (change: Partial<PolicyDraft>) => void;
  /** Changes more than one key at once. */
  readonly onReplace: (draft: PolicyDraft) => void;
}) {
  const { data: catalogue = [] } = useCatalogue();
  const setConditions = (conditions: readonly DraftCondition[]): void => onChange({ conditions });
  return (
    <>
      <FormSection title="Policy">
        <TextInput
          label="Name"
          description="The alertname of its alerts"
          required
          value={draft.name}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
          error={faultAt(faults, 'name') ?? faultAt(faults, 'id')}
        />
        <Textarea
          size="xs"
          label="Description"
          autosize
          value={draft.description}
          onChange={(event) => onChange({ description: event.currentTarget.value })}
          error={faultAt(faults, 'description')}
        />
        <Switch
          label="Enabled"
          checked={draft.enabled}
          onChange={(event) => onChange({ enabled: event.currentTarget.checked })}
        />
      </FormSection>
      <FormSection title="Objects">
        <Select
          label="Level"
          w={160}
          allowDeselect={false}
          data={[...LEVELS]}
          value={draft.level}
          onChange={(level) => onReplace(atLevel(draft, level as Level))}
          error={faultAt(faults, 'level')}
        />
        <SelectorFields
          objects={draft.objects}
          level={draft.level}
          faults={faults}
          onChange={(objects) => onChange({ objects })}
        />
      </FormSection>
      <FormSection title="Conditions">
        {draft.conditions.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label="Which conditions must hold"
            style={{ alignSelf: 'flex-start' }}
            value={draft.union}
            onChange={(union) => onChange({ union: union as PolicyDraft['union'] })}
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
            onRemove={draft.conditions.length > 1 ? () => onReplace(withoutCondition(draft, i)) : undefined}
          />
        ))}
        <Button
          variant="default"
          style={{ alignSelf: 'flex-start' }}
          onClick={() => setConditions([...draft.conditions, NEW_CONDITION])}
        >
          Add a condition
        </Button>
        <NoDataFields noData={draft.noData} faults={faults} onChange={(noData) => onChange({ noData })} />
      </FormSection>
      <FormSection title="Overrides">
        <OverridesFields draft={draft} faults={faults} onChange={(overrides) => onChange({ overrides })} />
      </FormSection>
      <FormSection title="Notice">
        <NoticeFields
          notice={draft.notice}
          level={draft.level}
          faults={faults}
          onChange={(notice) => onChange({ notice })}
        />
      </FormSection>
      <FormSection title="Labels">
        <TextPairs
          what="label"
          place="labels"
          pairs={draft.labels}
          faults={faults}
          suggestions={['team']}
          onChange={(labels) => onChange({ labels })}
        />
      </FormSection>
      <FormSection title="Annotations">
        <TextPairs
          what="annotation"
          place="annotations"
          pairs={draft.annotations}
          faults={faults}
          suggestions={['summary', 'description', 'runbook_url']}
          onChange={(annotations) => onChange({ annotations })}
        />
      </FormSection>
    </>
  );
}
