import { Button, Loader, SimpleGrid, Stack } from '@mantine/core';
import { Link, useParams } from 'wouter';
import { useData } from '../../api/use-data.ts';
import { EmptyState } from '../../app/empty-state.tsx';
import { ErrorState } from '../../app/error-state.tsx';
import { clusterOfSegment } from '../../app/object-paths.ts';
import { PageHeader } from '../../app/page-header.tsx';
import { StatusBadge } from '../../app/status-badge.tsx';
import { useTimeRange } from '../../app/time-range.ts';
import { ChartSections } from '../../objects/chart-sections.tsx';
import { newPolicyPath } from '../../objects/filtered-path.ts';
import { ObjectAlerts } from '../../objects/object-alerts.tsx';
import { ObjectEvents } from '../../objects/object-events.tsx';
import { Reasons } from '../../objects/reasons.tsx';
import { ResourceUse } from '../../objects/resource-use.tsx';
import { Section } from '../../objects/section.tsx';
import { askAll } from '../overview/ask-all.ts';
import { HEALTH } from '../overview/cluster-summary.ts';
import { loadProblems } from '../overview/load-problems.ts';
import { PanelBody } from '../overview/panel.tsx';
import { ProblemList } from '../overview/problem-list.tsx';
import type { Problem } from '../overview/problems.ts';
import { clusterCharts } from './cluster-charts.ts';
import { ClusterFactList } from './cluster-fact-list.tsx';
import { type ClusterFacts, clusterFactQueries, clusterFacts } from './cluster-facts.ts';
import { NamespacesTable } from './namespaces-table.tsx';

const HOUR = 3600;

/** A cluster: whether it is well, what it has and what becomes of it, what in it is not well, its namespaces, what is said of it, and its charts. */
export default function ClusterPage() {
  const { cluster: segment = '' } = useParams();
  const cluster = clusterOfSegment(segment);
  const [range] = useTimeRange();
  const time = range.isLive ? undefined : range.end;
  const { data, error, reload } = useData(
    `cluster ${cluster} ${time}`,
    async (signal) => clusterFacts(cluster, await askAll(clusterFactQueries(cluster), { time, signal })) ?? null,
    range.isLive,
  );
  const window = Math.min(range.end - range.start, 6 * HOUR);
  const wrong = useData(
    `problems of ${cluster} ${window} ${time}`,
    (signal) => loadProblems({ cluster, window, time }, signal),
    range.isLive,
  );
  const health = data?.summary.health;
  return (
    <>
      <PageHeader
        title={cluster === '' ? 'Cluster' : cluster}
        crumbs={[{ title: 'Overview', href: '/' }]}
        badges={health !== undefined && <StatusBadge status={HEALTH[health].word} tone={HEALTH[health].tone} />}
        actions={
          <Button component={Link} variant="default" href={newPolicyPath('cluster', { cluster })}>
            Make a policy for this
          </Button>
        }
      />
      <Stack gap="lg">
        {error !== undefined && data === undefined && (
          <ErrorState title="The cluster's state cannot be had" error={error} onRetry={reload} />
        )}
        {data === undefined && error === undefined && <Loader aria-label="Loading" />}
        {data === null && (
          <EmptyState
            title="There is no such cluster at this time"
            text="What was stored of it is below, for the time range that is chosen."
          />
        )}
        {data !== undefined && data !== null && <Head facts={data} />}
        {data !== null && (
          <Section title="Needs attention">
            <PanelBody loaded={wrong} title="What is wrong cannot be told">
              {(problems) => <ProblemList problems={problems.map((one) => inCluster(one, cluster))} />}
            </PanelBody>
          </Section>
        )}
        <Section title="Namespaces">
          <NamespacesTable cluster={cluster} />
        </Section>
        <Section title="Alerts">
          <ObjectAlerts cluster={cluster} isAbout={() => true} />
        </Section>
        <Section title="Warnings">
          <ObjectEvents
            filters={[
              ['cluster', cluster],
              ['type', 'Warning'],
            ]}
            showsObject
            none="Kubernetes warned of nothing in this time range."
          />
        </Section>
        {data !== undefined && (
          <ChartSections
            sections={clusterCharts(cluster, {
              gpu: data?.gpu !== undefined,
              virtualNodes: data?.hasVirtualNodes === true,
              scraped: data?.scraped ?? new Set(),
            })}
          />
        )}
      </Stack>
    </>
  );
}

/** It needs not be said of each which cluster it is in. */
function inCluster(problem: Problem, cluster: string): Problem {
  const { place } = problem;
  const namespace = place.startsWith(`${cluster} / `) ? place.slice(cluster.length + 3) : place;
  return { ...problem, place: namespace === cluster ? '' : namespace };
}

function Head({ facts }: { readonly facts: ClusterFacts }) {
  const { health, reasons, cpu, memory, places } = facts.summary;
  const { gpu } = facts;
  return (
    <>
      <Reasons title={`Why: ${HEALTH[health].word}`} tone={HEALTH[health].tone} reasons={reasons.map(sentence)} />
      <SimpleGrid cols={{ base: 1, xs: 2, md: gpu === undefined ? 3 : 4 }} spacing="lg">
        <ResourceUse name="CPU" resource={{ ...cpu, capacity: cpu.total }} unit="cores" />
        <ResourceUse name="Memory" resource={{ ...memory, capacity: memory.total }} unit="bytes" />
        <ResourceUse name="Pods" resource={{ ...places, capacity: places.total }} unit="1" />
        {gpu !== undefined && <ResourceUse name="GPU" resource={gpu} unit="1" />}
      </SimpleGrid>
      <ClusterFactList facts={facts} />
    </>
  );
}

function sentence(reason: string): string {
  return `${reason[0]!.toUpperCase()}${reason.slice(1)}.`;
}
