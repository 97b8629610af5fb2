import { Group, Text } from '@mantine/core';
import { useState } from 'react';
import { StatusBadge } from '../../app/status-badge.tsx';
import { MoreButton } from './more-button.tsx';
import { ObjectLink } from './object-link.tsx';
import { Nothing } from './panel.tsx';
import type { Problem } from './problems.ts';
import classes from './rows.module.css';

const SHOWN = 8;

/** What is wrong, the worst first, each a link to its object; that all is well when there is nothing. */
export function ProblemList({ problems }: { readonly problems: readonly Problem[] }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      {problems.length === 0 && (
        <Nothing>
          Every node is ready, every workload has its pods, nothing was killed for its memory, and every autoscaler can
          scale.
        </Nothing>
      )}
      <ul className={classes.rows}>
        {problems.slice(0, isOpen ? undefined : SHOWN).map((problem) => (
          <ProblemRow
            key={JSON.stringify([problem.kind, problem.place, problem.name, problem.what])}
            problem={problem}
          />
        ))}
      </ul>
      <MoreButton rest={problems.length - SHOWN} isOpen={isOpen} onToggle={() => setIsOpen(!isOpen)} />
    </>
  );
}

function ProblemRow({ problem: { level, what, kind, name, place, detail, path } }: { readonly problem: Problem }) {
  return (
    <li className={classes.row}>
      <div className={classes.badge}>
        <StatusBadge status={what} tone={level === 'serious' ? 'bad' : 'warning'} />
      </div>
      <div className={classes.main}>
        <Group gap="0 6px" wrap="wrap">
          <Text span fz="xs" c="dimmed">
            {kind}
          </Text>
          <ObjectLink path={path}>{name}</ObjectLink>
        </Group>
        <Text fz="xs" c="dimmed" lineClamp={3} title={detail} style={{ overflowWrap: 'anywhere' }}>
          {[place, detail].filter((part) => part !== '').join(' · ')}
        </Text>
      </div>
    </li>
  );
}
