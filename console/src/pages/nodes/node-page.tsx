import { Button, Group, Loader, SimpleGrid, Stack } from '@mantine/core';
import { Link, useParams } from 'wouter';
import { useData } from '../../api/use-data.ts';
import { EmptyState } from '../../app/empty-state.tsx';
import { ErrorState } from '../../app/error-state.tsx';
import { clusterOfSegment, clusterPath } from '../../app/object-paths.ts';
import { PageHeader } from '../../app/page-header.tsx';
import { StatusBadge } from '../../app/status-badge.tsx';
import { useTimeRange } from '../../app/time-range.ts';
import { formatValue } from '../../charts/format-value.ts';
import { AgeFact } from '../../objects/age-fact.tsx';
import { ChartSections } from '../../objects/chart-sections.tsx';
import { ConditionBadges } from '../../objects/condition-badges.tsx';
import { Facts } from '../../objects/facts.tsx';
import { filteredPath, newPolicyPath } from '../../objects/filtered-path.ts';
import { clusterScope } from '../../objects/inventory-scope.ts';
import { ObjectAlerts } from '../../objects/object-alerts.tsx';
import { ObjectEvents } from '../../objects/object-events.tsx';
import { ResourceUse } from '../../objects/resource-use.tsx';
import { Section } from '../../objects/section.tsx';
import { askAll } from '../overview/ask-all.ts';
import { PodsTable } from '../pods/pods-table.tsx';
import { nodeCharts } from './node-charts.ts';
import { type NodeFacts, nodeFacts, nodeQueries } from './node-facts.ts';

/** A node: whether it is well, what it has and what becomes of it, its pods, what is said of it, and its charts. */
export default function NodePage() {
  const { cluster: segment = '', node = '' } = useParams();
  const cluster = clusterOfSegment(segment);
  const key = `${cluster}/${node}`;
  const [range] = useTimeRange();
  const time = range.isLive ? undefined : range.end;
  const { data, error, reload } = useData(
    `node ${key} ${time}`,
    async (signal) => nodeFacts(await askAll(nodeQueries(cluster, node), { time, signal })) ?? null,
    range.isLive,
  );
  const instances = new Set([node, data?.ip ?? node]);
  return (
    <>
      <PageHeader
        title={node}
        crumbs={[
          { title: cluster === '' ? 'Cluster' : cluster, href: clusterPath(cluster) },
          { title: 'Nodes', href: filteredPath('/nodes', { cluster }) },
        ]}
        badges={data !== undefined && data !== null && <Badges facts={data} />}
        actions={
          <Button component={Link} variant="default" href={newPolicyPath('node', { cluster, node })}>
            Make a policy for this
          </Button>
        }
      />
      <Stack gap="lg">
        {error !== undefined && data === undefined && (
          <ErrorState title="The node's state cannot be had" error={error} onRetry={reload} />
        )}
        {data === undefined && error === undefined && <Loader aria-label="Loading" />}
        {data === null && (
          <EmptyState
            title="There is no such node at this time"
            text="It may have been removed. What was stored of it is below, for the time range that is chosen."
          />
        )}
        {data !== undefined && data !== null && (
          <>
            <Resources facts={data} />
            <NodeFactList facts={data} />
          </>
        )}
        <Section title="Pods on it">
          <PodsTable
            scope={{ ...clusterScope(cluster), node }}
            shows={{ namespace: true, node: false }}
            pageSize={20}
            prefix="pods."
          />
        </Section>
        <Section title="Alerts">
          <ObjectAlerts
            cluster={cluster}
            isAbout={(labels) =>
              labels.node === node ||
              (labels.pod === undefined && instances.has((labels.instance ?? '').replace(/:\d+$/, '')))
            }
          />
        </Section>
        <Section title="Events">
          <ObjectEvents
            filters={[
              ['cluster', cluster],
              ['kind', 'Node'],
              ['name', node],
            ]}
          />
        </Section>
        {data !== undefined && (
          <ChartSections
            sections={nodeCharts({ cluster, node, ip: data?.ip ?? '' }, { hasGpu: data?.hasGpu === true })}
          />
        )}
      </Stack>
    </>
  );
}

function Badges({ facts: { isReady, isCordoned, conditions } }: { readonly facts: NodeFacts }) {
  return (
    <Group gap={6}>
      <StatusBadge status={isReady ? 'Ready' : 'NotReady'} />
      {isCordoned && <StatusBadge status="cordoned" />}
      {conditions
        .filter(({ type, isGood }) => type !== 'Ready' && !isGood)
        .map(({ type }) => (
          <StatusBadge key={type} status={type} tone="warning" />
        ))}
    </Group>
  );
}

function Resources({ facts: { cpu, memory, pods, gpu, hasGpu } }: { readonly facts: NodeFacts }) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: hasGpu ? 4 : 3 }} spacing="lg">
      <ResourceUse name="CPU" resource={cpu} unit="cores" />
      <ResourceUse name="Memory" resource={memory} unit="bytes" />
      <ResourceUse name="Pods" resource={pods} unit="1" />
      {hasGpu && <ResourceUse name="GPU" resource={gpu} unit="1" />}
    </SimpleGrid>
  );
}

function NodeFactList({ facts }: { readonly facts: NodeFacts }) {
  const { conditions, roles, taints, created } = facts;
  const said = (text: string): string | undefined => (text === '' ? undefined : text);
  return (
    <Facts
      items={[
        ['Roles', roles.length === 0 ? 'none' : roles.join(', ')],
        ['Kubelet', said(facts.kubelet)],
        ['Container runtime', said(facts.runtime)],
        ['Operating system', said(facts.os)],
        ['Kernel', said(facts.kernel)],
        ['Address', said(facts.ip)],
        ['Addresses of pods', said(facts.podCidr)],
        ['Provider', said(facts.providerId)],
        [
          'Storage for pods',
          facts.storage.capacity === undefined ? undefined : formatValue(facts.storage.capacity, 'bytes'),
        ],
        ['Made', created === undefined ? undefined : <AgeFact key="made" created={created} />],
      ]}
      wide={[
        [
          'Conditions',
          <ConditionBadges
            key="conditions"
            conditions={conditions.map((one) => ({
              ...one,
              ...(one.type !== 'Ready' && { tone: 'warning' as const }),
            }))}
          />,
        ],
        ['Taints', taints.length === 0 ? undefined : taints.join(', ')],
      ]}
    />
  );
}
