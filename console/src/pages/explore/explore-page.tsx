import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import { copyText } from '../../app/copy-text.ts';
import { Icon } from '../../app/icon.tsx';
import { PageHeader } from '../../app/page-header.tsx';
import { useTimeRange } from '../../app/time-range.ts';
import { NEW_PANEL, type Panel, panelsOf, withFixedTime, withPanels } from './explore-state.ts';
import { QueryPanel } from './query-panel.tsx';

const EXAMPLES = [
  ['CPU by namespace', 'sum by (namespace) (k8s_pod_cpu_core_used)'],
  ['Pods with most memory', 'topk(5, k8s_pod_mem_usage_bytes)'],
  ['Restarts in the last hour', 'sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total[1h])) > 0'],
  ['Targets that are down', 'up == 0'],
] as const;

/** Questions in PromQL: any number, each with a graph, a table and its plan. All of it is in the URL. */
export default function ExplorePage() {
  const [params, setParams] = useSearchParams();
  const [range] = useTimeRange();
  const panels = panelsOf(params);
  const [copied, setCopied] = useState<'yes' | 'no'>();
  useEffect(() => {
    if (copied === undefined) return;
    const timer = setTimeout(() => setCopied(undefined), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  // Panels have no names of their own: these stay with them when one before is removed.
  const keys = useRef<number[]>([]);
  while (keys.current.length < panels.length) keys.current.push((keys.current.at(-1) ?? 0) + 1);
  keys.current.length = panels.length;

  const set = (next: readonly Panel[]): void => setParams((before) => withPanels(before, next));
  const share = async (): Promise<void> => {
    const { origin, pathname } = globalThis.location;
    setCopied((await copyText(`${origin}${pathname}?${withFixedTime(params, range)}`)) ? 'yes' : 'no');
  };
  const isNew = panels.length === 1 && panels[0]!.expr === '';
  return (
    <>
      <PageHeader
        title="Explore"
        actions={
          <Button
            variant="default"
            leftSection={<Icon name="link" size={14} />}
            onClick={() => void share()}
            title="A link to these queries at these times"
          >
            {copied === undefined ? 'Copy link' : copied === 'yes' ? 'Link copied' : 'Could not copy'}
          </Button>
        }
      />
      <Stack gap="sm">
        {panels.map((panel, index) => (
          <QueryPanel
            key={keys.current[index]}
            number={index + 1}
            panel={panel}
            onChange={(next) => set(panels.map((one, at) => (at === index ? next : one)))}
            onRemove={
              panels.length === 1
                ? undefined
                : () => {
                    keys.current.splice(index, 1);
                    set(panels.filter((_, at) => at !== index));
                  }
            }
          />
        ))}
        <Group>
          <Button
            variant="default"
            leftSection={<Icon name="plus" size={14} />}
            onClick={() => set([...panels, NEW_PANEL])}
          >
            Add query
          </Button>
          {isNew && (
            <Group gap="md" role="group" aria-label="Examples">
              <Text fz="sm" c="dimmed">
                Or begin with
              </Text>
              {EXAMPLES.map(([title, expr]) => (
                <Anchor
                  key={title}
                  component="button"
                  type="button"
                  fz="sm"
                  title={expr}
                  onClick={() => set([{ ...NEW_PANEL, expr }])}
                >
                  {title}
                </Anchor>
              ))}
            </Group>
          )}
        </Group>
      </Stack>
    </>
  );
}
