import { Anchor, Group, Text } from '@mantine/core';
import { useState } from 'react';
import type { Loaded } from '../../api/use-data.ts';
import { plural } from '../../app/plural.ts';
import { StatusBadge } from '../../app/status-badge.tsx';
import { ObjectLink } from './object-link.tsx';
import { Nothing, Panel, PanelBody } from './panel.tsx';
import type { Problem } from './problems.ts';
import classes from './rows.module.css';

const SHOWN = 8;

/** The worst offenders now, each a link to its object. */
export function ProblemsPanel({ loaded }: { readonly loaded: Loaded<readonly Problem[]> }) {
  const [isOpen, setIsOpen] = useState(false);
  const count = loaded.data?.length ?? 0;
  return (
    <Panel
      title="Needs attention"
      aside={
        count > 0 && (
          <Text fz="xs" c="dimmed">
            {plural(count, 'object')}
          </Text>
        )
      }
    >
      <PanelBody loaded={loaded} title="What is wrong cannot be told">
        {(all) => (
          <>
            {all.length === 0 && (
              <Nothing>
                Every node is ready, every workload has its pods, nothing was killed for its memory, and every
                autoscaler can scale.
              </Nothing>
            )}
            <ul className={classes.rows}>
              {all.slice(0, isOpen ? undefined : SHOWN).map((problem) => (
                <ProblemRow
                  key={JSON.stringify([problem.kind, problem.place, problem.name, problem.what])}
                  problem={problem}
                />
              ))}
            </ul>
            {all.length > SHOWN && (
              <Anchor
                component="button"
                display="block"
                type="button"
                fz="xs"
                ta="left"
                onClick={() => setIsOpen(!isOpen)}
                aria-expanded={isOpen}
              >
                {isOpen ? 'Show fewer' : `Show ${all.length - SHOWN} more`}
              </Anchor>
            )}
          </>
        )}
      </PanelBody>
    </Panel>
  );
}

function ProblemRow({ problem: { level, what, kind, name, place, detail, path } }: { readonly problem: Problem }) {
  return (
    <li className={classes.row}>
      <div className={classes.badge}>
        <StatusBadge status={what} tone={level === 'serious' ? 'bad' : 'warning'} />
      </div>
      <div className={classes.main}>
        <Group gap={6} wrap="wrap">
          <Text span fz="xs" c="dimmed">
            {kind}
          </Text>
          <ObjectLink path={path}>{name}</ObjectLink>
        </Group>
        <Text fz="xs" c="dimmed">
          {[place, detail].filter((part) => part !== '').join(' · ')}
        </Text>
      </div>
    </li>
  );
}
