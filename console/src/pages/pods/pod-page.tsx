import { Anchor, Button, Loader, Stack } from '@mantine/core';
import { Link, useParams } from 'wouter';
import { EmptyState } from '../../app/empty-state.tsx';
import { ErrorState } from '../../app/error-state.tsx';
import { clusterOfSegment, nodePath, workloadPath } from '../../app/object-paths.ts';
import { PageHeader } from '../../app/page-header.tsx';
import { StatusBadge } from '../../app/status-badge.tsx';
import { keptSearch } from '../../app/url-state.ts';
import { AgeFact } from '../../objects/age-fact.tsx';
import { ChartSections } from '../../objects/chart-sections.tsx';
import { ConditionBadges } from '../../objects/condition-badges.tsx';
import { Facts } from '../../objects/facts.tsx';
import { newPolicyPath } from '../../objects/filtered-path.ts';
import { ObjectAlerts } from '../../objects/object-alerts.tsx';
import { objectCrumbs } from '../../objects/object-crumbs.ts';
import { ObjectEvents } from '../../objects/object-events.tsx';
import { Reasons } from '../../objects/reasons.tsx';
import { Section } from '../../objects/section.tsx';
import { ContainersTable } from './containers-table.tsx';
import { diagnose } from './diagnosis.ts';
import { type PodName, podCharts } from './pod-charts.ts';
import type { PodFacts } from './pod-facts.ts';
import { usePodFacts } from './use-pod-facts.ts';

/** A pod: how it is and why, its containers, what is said of it, and its charts. */
export default function PodPage() {
  const { cluster: segment = '', namespace = '', pod: name = '' } = useParams();
  const pod: PodName = { cluster: clusterOfSegment(segment), namespace, pod: name };
  const { cluster } = pod;
  const { data: facts, error, reload } = usePodFacts(pod);
  const found = facts === undefined || facts === null ? undefined : diagnose(facts);
  return (
    <>
      <PageHeader
        title={name}
        crumbs={objectCrumbs('/pods', { ...pod, pod: undefined, ...facts })}
        badges={found !== undefined && <StatusBadge status={found.status} tone={found.tone} />}
        actions={
          <Button component={Link} variant="default" href={newPolicyPath('pod', { cluster, namespace, pod: name })}>
            Make a policy for this
          </Button>
        }
      />
      <Stack gap="lg">
        {error !== undefined && facts === undefined && (
          <ErrorState title="The pod's state cannot be had" error={error} onRetry={reload} />
        )}
        {facts === undefined && error === undefined && <Loader aria-label="Loading" />}
        {facts === null && (
          <EmptyState
            title="There is no such pod at this time"
            text="It may have been deleted, or replaced by another one. What was stored of it is below, for the time range that is chosen."
          />
        )}
        {found !== undefined && <Reasons title={`Why: ${found.status}`} tone={found.tone} reasons={found.reasons} />}
        {facts !== undefined && facts !== null && (
          <>
            <PodFactList pod={pod} facts={facts} />
            <Section title="Containers">
              <ContainersTable pod={pod} containers={facts.containers} />
            </Section>
          </>
        )}
        <Section title="Alerts">
          <ObjectAlerts cluster={cluster} namespace={namespace} isAbout={(labels) => labels.pod === name} />
        </Section>
        <Section title="Events">
          <ObjectEvents
            filters={[
              ['cluster', cluster],
              ['namespace', namespace],
              ['kind', 'Pod'],
              ['name', name],
            ]}
          />
        </Section>
        {facts !== undefined && (
          <ChartSections
            sections={podCharts(pod, { containers: facts?.containers.length ?? 1, gpu: facts?.hasGpu === true })}
          />
        )}
      </Stack>
    </>
  );
}

function PodFactList({ pod: { cluster, namespace }, facts }: { readonly pod: PodName; readonly facts: PodFacts }) {
  const { workloadKind, workloadName, ownerKind, ownerName, node, created } = facts;
  const isOwnWorkload = workloadKind === ownerKind && workloadName === ownerName;
  return (
    <Facts
      wide={[['Conditions', <Conditions key="conditions" facts={facts} />]]}
      items={[
        [
          'Workload',
          workloadKind !== undefined && workloadName !== undefined ? (
            <Anchor
              component={Link}
              fz="sm"
              href={workloadPath(workloadKind, { cluster, namespace, name: workloadName }) + keptSearch()}
            >
              {workloadKind} {workloadName}
            </Anchor>
          ) : undefined,
        ],
        ['Owner', ownerKind === undefined || isOwnWorkload ? undefined : `${ownerKind} ${ownerName}`],
        [
          'Node',
          node === undefined ? (
            'none yet'
          ) : (
            <Anchor component={Link} fz="sm" href={nodePath(cluster, node) + keptSearch()}>
              {node}
            </Anchor>
          ),
        ],
        ['Phase', facts.phase],
        [
          'Address',
          facts.podIp === undefined ? undefined : `${facts.podIp}${facts.hostNetwork ? ', of its node' : ''}`,
        ],
        ['Made', created === undefined ? undefined : <AgeFact key="made" created={created} />],
        ['Priority', facts.priorityClass],
        ['Volume claims', facts.claims.length === 0 ? undefined : facts.claims.join(', ')],
      ]}
    />
  );
}

function Conditions({ facts }: { readonly facts: PodFacts }) {
  const main = facts.containers.filter(({ isInit }) => !isInit);
  const inits = facts.containers.filter(({ isInit }) => isInit);
  const conditions: readonly (readonly [string, boolean])[] = [
    ['Scheduled', facts.node !== undefined],
    [
      'Initialized',
      facts.phase !== 'Pending' || (facts.node !== undefined && inits.every(({ reason }) => reason === 'Completed')),
    ],
    ['Containers ready', main.length > 0 && main.every(({ isReady }) => isReady === true)],
    ['Ready', facts.isReady === true],
  ];
  return (
    <ConditionBadges
      conditions={conditions.map(([type, isGood]) => ({ type, status: isGood ? 'true' : 'false', isGood }))}
    />
  );
}
