import { Group, SegmentedControl, Text } from '@mantine/core';
import { useState } from 'react';
import type { Loaded } from '../../api/use-data.ts';
import { StatusBadge } from '../../app/status-badge.tsx';
import type { Tone } from '../../app/status-tone.ts';
import { useUrlState } from '../../app/url-state.ts';
import { Ago } from './ago.tsx';
import type { Change, ChangeKind } from './changes.ts';
import { MoreButton } from './more-button.tsx';
import { ObjectLink } from './object-link.tsx';
import { Nothing, Panel, PanelBody } from './panel.tsx';
import classes from './rows.module.css';

const SHOWN = 8;

const KINDS: Readonly<Record<ChangeKind, { readonly word: string; readonly group: string }>> = {
  alert: { word: 'alert', group: 'alerts' },
  rollout: { word: 'rollout', group: 'rollouts' },
  scaling: { word: 'scaling', group: 'scaling' },
  node: { word: 'node', group: 'nodes' },
  warning: { word: 'warning', group: 'warnings' },
};

const TONES: Readonly<Record<Change['level'], Tone>> = {
  serious: 'bad',
  warning: 'warning',
  neutral: 'busy',
  good: 'good',
};

/** What changed in the shared time range, the newest first; of one kind, if the user wants. */
export function ChangesPanel({ loaded }: { readonly loaded: Loaded<readonly Change[]> }) {
  const [kind, setKind] = useUrlState('changes', 'all');
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Panel
      title="What changed"
      aside={
        <SegmentedControl
          size="xs"
          value={kind}
          onChange={setKind}
          aria-label="Which changes"
          data={[
            { value: 'all', label: 'All' },
            ...Object.entries(KINDS).map(([value, { group }]) => ({
              value,
              label: group[0]!.toUpperCase() + group.slice(1),
            })),
          ]}
          style={{ maxWidth: '100%', overflowX: 'auto' }}
        />
      }
    >
      <PanelBody loaded={loaded} title="What changed cannot be told">
        {(all) => {
          const wanted = kind === 'all' ? all : all.filter((change) => change.kind === kind);
          return (
            <>
              {wanted.length === 0 && <Nothing>Nothing of this in this time range.</Nothing>}
              <ul className={classes.rows}>
                {wanted.slice(0, isOpen ? undefined : SHOWN).map((change) => (
                  <ChangeRow key={change.key} change={change} />
                ))}
              </ul>
              <MoreButton rest={wanted.length - SHOWN} isOpen={isOpen} onToggle={() => setIsOpen(!isOpen)} />
            </>
          );
        }}
      </PanelBody>
    </Panel>
  );
}

function ChangeRow({ change }: { readonly change: Change }) {
  const { kind, level, time, title, detail, count, objects, objectCount } = change;
  return (
    <li className={classes.row}>
      <div className={classes.badge}>
        <StatusBadge status={KINDS[kind].word} tone={TONES[level]} />
      </div>
      <div className={classes.main}>
        <Group gap="0 6px" wrap="wrap">
          <Text span fz="sm" fw={500}>
            {title}
            {count > 1 && (
              <Text span fz="xs" c="dimmed" fw={400}>
                {' '}
                × {count}
              </Text>
            )}
          </Text>
          <Group gap="0 10px" miw={0}>
            {objects.map(({ name, path }) => (
              <ObjectLink key={name} path={path}>
                {name}
              </ObjectLink>
            ))}
            {objectCount > objects.length && (
              <Text span fz="xs" c="dimmed">
                and {objectCount - objects.length} more
              </Text>
            )}
          </Group>
        </Group>
        {detail !== '' && (
          <Text fz="xs" c="dimmed" lineClamp={3} title={detail} style={{ overflowWrap: 'anywhere' }}>
            {detail}
          </Text>
        )}
      </div>
      <Ago time={time} />
    </li>
  );
}
