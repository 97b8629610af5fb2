import { Text } from '@mantine/core';
import type { Loaded } from '../../api/use-data.ts';
import { plural } from '../../app/plural.ts';
import { Panel, PanelBody } from './panel.tsx';
import { ProblemList } from './problem-list.tsx';
import type { Problem } from './problems.ts';

/** The worst offenders now, each a link to its object. */
export function ProblemsPanel({ loaded }: { readonly loaded: Loaded<readonly Problem[] | undefined> }) {
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
        {(all) => <ProblemList problems={all} />}
      </PanelBody>
    </Panel>
  );
}
