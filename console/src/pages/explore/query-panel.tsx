import { ActionIcon, Button, Card, Group, NativeSelect, SegmentedControl } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Icon } from '../../app/icon.tsx';
import { ExplainView } from './explain-view.tsx';
import { COMPARISONS, type Panel, type Tab } from './explore-state.ts';
import { GraphView } from './graph-view.tsx';
import { InstantTable } from './instant-table.tsx';
import { QueryEditor } from './query-editor.tsx';
import type { QueryProblem } from './query-error.ts';

/** A query and its answer. */
export function QueryPanel({
  number,
  panel,
  onChange,
  onRemove,
}: {
  /** From 1. */
  readonly number: number;
  readonly panel: Panel;
  readonly onChange: (panel: Panel) => void;
  /** Undefined where it is the only one. */
  readonly onRemove: (() => void) | undefined;
}) {
  const { expr, tab, compare } = panel;
  const [draft, setDraft] = useState(expr);
  const [problem, setProblem] = useState<QueryProblem>();
  // Another query by the URL, as with the back button or an example.
  useEffect(() => setDraft(expr), [expr]);
  const run = (text: string): void => onChange({ ...panel, expr: text.trim() });
  return (
    <Card withBorder padding="sm" component="section" aria-label={`Query ${number}`}>
      <Group gap="xs" align="flex-start" wrap="nowrap">
        <QueryEditor
          label={`PromQL of query ${number}`}
          text={draft}
          problem={problem}
          onChange={setDraft}
          onRun={run}
          hasFocus={expr === '' && number === 1}
        />
        <Button
          onClick={() => run(draft)}
          leftSection={<Icon name="play" size={12} />}
          variant={draft.trim() === expr ? 'default' : 'filled'}
          h={34}
        >
          Run
        </Button>
        {onRemove !== undefined && (
          <ActionIcon variant="subtle" color="gray" h={34} onClick={onRemove} aria-label={`Remove query ${number}`}>
            <Icon name="close" />
          </ActionIcon>
        )}
      </Group>
      {expr !== '' && (
        <>
          <Group gap="sm" my="xs">
            <SegmentedControl
              size="xs"
              value={tab}
              onChange={(next) => onChange({ ...panel, tab: next as Tab })}
              aria-label={`View of query ${number}`}
              data={[
                { value: 'graph', label: 'Graph' },
                { value: 'table', label: 'Table' },
                { value: 'explain', label: 'Explain' },
              ]}
            />
            {tab === 'graph' && (
              <NativeSelect
                aria-label={`Compare query ${number}`}
                size="xs"
                value={compare}
                onChange={({ currentTarget }) => onChange({ ...panel, compare: currentTarget.value })}
                data={[
                  { value: '', label: 'Compare with…' },
                  ...[...new Set([...COMPARISONS, ...(compare === '' ? [] : [compare])])].map((name) => ({
                    value: name,
                    label: `${name} earlier`,
                  })),
                ]}
              />
            )}
          </Group>
          {tab === 'graph' && <GraphView expr={expr} compare={compare} onProblem={setProblem} onAsk={run} />}
          {tab === 'table' && (
            <InstantTable expr={expr} prefix={`g${number - 1}.`} onProblem={setProblem} onAsk={run} />
          )}
          {tab === 'explain' && <ExplainView expr={expr} onProblem={setProblem} />}
        </>
      )}
    </Card>
  );
}
