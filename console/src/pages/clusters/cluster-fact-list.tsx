import { Anchor, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { StatusBadge } from '../../app/status-badge.tsx';
import { AgeFact } from '../../objects/age-fact.tsx';
import { Facts } from '../../objects/facts.tsx';
import { filteredPath } from '../../objects/filtered-path.ts';
import type { ClusterFacts, Count } from './cluster-facts.ts';

/** What a cluster consists of, with the ways to its nodes and pods, and its control plane. */
export function ClusterFactList({ facts: { summary, kubelets, runtimes, created } }: { readonly facts: ClusterFacts }) {
  const { cluster, components, nodes, pods } = summary;
  const list = (page: string, filters: Readonly<Record<string, string>>, text: ReactNode) => (
    <Anchor component={Link} href={filteredPath(page, { cluster, ...filters })} fz="sm">
      {text}
    </Anchor>
  );
  return (
    <Facts
      items={[
        ['Nodes', list('/nodes', {}, `${nodes.ready} of ${nodes.total} ready`)],
        ['Cordoned', nodes.cordoned === 0 ? undefined : nodes.cordoned],
        ['Pods running', list('/pods', {}, pods.running.toLocaleString())],
        ['Pending', list('/pods', { status: 'Pending' }, pods.pending.toLocaleString())],
        ['Not ready or failed', list('/pods', { status: 'abnormal' }, (pods.unready + pods.failed).toLocaleString())],
        ['Kubelets', counted(kubelets)],
        ['Container runtimes', counted(runtimes)],
        ['Made', created === undefined ? undefined : <AgeFact key="made" created={created} />],
      ]}
      wide={[
        [
          'Control plane',
          components.length === 0 ? (
            'Nothing is heard of it yet'
          ) : (
            <Group key="components" gap={6}>
              {components.map(({ name, isHealthy }) => (
                <StatusBadge
                  key={name}
                  status={`${name}: ${isHealthy ? 'answers' : 'does not answer'}`}
                  tone={isHealthy ? 'good' : 'bad'}
                />
              ))}
            </Group>
          ),
        ],
      ]}
    />
  );
}

/** `v1.33.4`, or with their numbers when there are several: `v1.33.4 (18), v1.32.1 (2)`. */
function counted(counts: readonly Count[]): string | undefined {
  if (counts.length === 0) return undefined;
  if (counts.length === 1) return counts[0]!.name;
  return counts.map(({ name, count }) => `${name} (${count})`).join(', ');
}
