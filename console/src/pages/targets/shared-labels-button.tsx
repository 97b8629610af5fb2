import { Button, Popover, Stack, Text } from '@mantine/core';
import { LabelList } from './label-list.tsx';
import type { SharedLabels } from './shared-labels.ts';

/** Shows the labels that the rows leave out, once for each job; nothing where none are. */
export function SharedLabelsButton({ shared }: { readonly shared: readonly SharedLabels[] }) {
  if (shared.length === 0) return null;
  return (
    <Popover width="min(440px, calc(100vw - 20px))" position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>
        <Button variant="default" fw={400}>
          Shared labels
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Shared labels" mah="60vh" style={{ overflowY: 'auto' }} tabIndex={0}>
        <Text fz="xs" c="dimmed" mb="xs">
          Labels that all targets of a job on this page have; each row shows the others.
        </Text>
        <Stack gap="xs">
          {shared.map(({ job, targets, labels }) => (
            <div key={job}>
              <Text fz="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
                {job}{' '}
                <Text span fz="xs" c="dimmed" fw={400}>
                  {targets.toLocaleString()} targets
                </Text>
              </Text>
              <LabelList labels={labels} />
            </div>
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
