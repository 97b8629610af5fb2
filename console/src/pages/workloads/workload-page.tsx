import { Badge, Button, Group, Loader, Stack } from '@mantine/core';
import { Link, useParams } from 'wouter';
import { EmptyState } from '../../app/empty-state.tsx';
import { ErrorState } from '../../app/error-state.tsx';
import { clusterOfSegment } from '../../app/object-paths.ts';
import { PageHeader } from '../../app/page-header.tsx';
import { StatusBadge } from '../../app/status-badge.tsx';
import { AgeFact } from '../../objects/age-fact.tsx';
import { ChartSections } from '../../objects/chart-sections.tsx';
import { ConditionBadges } from '../../objects/condition-badges.tsx';
import { Facts } from '../../objects/facts.tsx';
import { newPolicyPath } from '../../objects/filtered-path.ts';
import { clusterScope } from '../../objects/inventory-scope.ts';
import { ObjectAlerts } from '../../objects/object-alerts.tsx';
import { objectCrumbs } from '../../objects/object-crumbs.ts';
import { ObjectEvents } from '../../objects/object-events.tsx';
import { Reasons } from '../../objects/reasons.tsx';
import { Section } from '../../objects/section.tsx';
import { PodsTable } from '../pods/pods-table.tsx';
import { type KnownWorkload, useWorkloadFacts } from './use-workload-facts.ts';
import { WorkloadAutoscaler } from './workload-autoscaler.tsx';
import { workloadCharts } from './workload-charts.ts';
import type { WorkloadFacts, WorkloadName } from './workload-facts.ts';
import { workloadReasons } from './workload-problem.ts';
import { workloadTone } from './workload-tone.ts';

const SCALABLE = new Set(['Deployment', 'StatefulSet', 'ReplicaSet']);

/** Pods whose events are shown beside those of their workload: an address has its limits. */
const MOST_PODS = 40;

/** A workload: how it is, its pods, what scales it, what is said of it, and its charts. */
export default function WorkloadPage() {
  const { cluster: segment = '', namespace = '', kind = '', name = '' } = useParams();
  const workload: WorkloadName = { cluster: clusterOfSegment(segment), namespace, kind, name };
  const { cluster } = workload;
  const { data: known, error, reload } = useWorkloadFacts(workload);
  const facts = known?.facts;
  const state = known?.state;
  const tone = state === undefined ? 'unknown' : workloadTone(state);
  const podNames = new Set(known?.pods);
  return (
    <>
      <PageHeader
        title={name}
        crumbs={objectCrumbs('/workloads', { cluster, namespace })}
        badges={
          <Group gap={6}>
            <Badge color="gray">{kind}</Badge>
            {state !== undefined && <StatusBadge status={state.status} tone={tone} />}
          </Group>
        }
        actions={
          <Button
            component={Link}
            variant="default"
            href={newPolicyPath('workload', { cluster, namespace, workload_kind: kind, workload_name: name })}
          >
            Make a policy for this
          </Button>
        }
      />
      <Stack gap="lg">
        {error !== undefined && known === undefined && (
          <ErrorState title="The workload's state cannot be had" error={error} onRetry={reload} />
        )}
        {known === undefined && error === undefined && <Loader aria-label="Loading" />}
        {known === null && (
          <EmptyState
            title="There is no such workload at this time"
            text="It may have been deleted. What was stored of it is below, for the time range that is chosen."
          />
        )}
        {state !== undefined && (
          <Reasons title={`Why: ${state.status}`} tone={tone} reasons={workloadReasons(state.problem)} />
        )}
        {facts !== undefined && <WorkloadFactList facts={facts} />}
        <Section title="Pods">
          <PodsTable
            scope={{ ...clusterScope(cluster), namespace, kind, workload: name }}
            shows={{}}
            pageSize={10}
            prefix="pods."
          />
        </Section>
        {SCALABLE.has(kind) && <WorkloadAutoscaler workload={workload} />}
        <Section title="Alerts">
          <ObjectAlerts
            cluster={cluster}
            namespace={namespace}
            isAbout={(labels) =>
              (labels.workload_kind === kind && labels.workload_name === name) ||
              labels[kind.toLowerCase()] === name ||
              (labels.pod !== undefined && podNames.has(labels.pod))
            }
          />
        </Section>
        <Section title="Events">
          {known !== undefined && <ObjectEvents filters={eventFilters(workload, known)} showsObject />}
        </Section>
        {known !== undefined && <ChartSections sections={workloadCharts(workload, { gpu: facts?.hasGpu === true })} />}
      </Stack>
    </>
  );
}

/** Of the workload, of what it owns and of what scales it. */
function eventFilters(
  { cluster, namespace, kind, name }: WorkloadName,
  known: KnownWorkload | null,
): readonly (readonly [string, string])[] {
  const owned = [...(known?.replicaSets ?? []), ...(known?.pods ?? []).slice(0, MOST_PODS)];
  const kinds = [kind, 'ReplicaSet', 'Job', 'Pod', 'HorizontalPodAutoscaler'];
  return [
    ['cluster', cluster],
    ['namespace', namespace],
    ...[...new Set(kinds)].map((one) => ['kind', one] as const),
    ...[name, ...owned].map((one) => ['name', one] as const),
  ];
}

function WorkloadFactList({ facts }: { readonly facts: WorkloadFacts }) {
  const { desired, ready, unavailable, updated, available, created, conditions, counts } = facts;
  return (
    <Facts
      wide={[
        [
          'Conditions',
          conditions.length === 0 ? undefined : (
            <ConditionBadges key="conditions" conditions={conditions.map((one) => ({ ...one, isGood: isGood(one) }))} />
          ),
        ],
      ]}
      items={[
        ['Replicas wanted', desired],
        ['Ready', ready],
        ['Of the newest version', updated],
        ['Available', available],
        ['Unavailable', unavailable],
        ...counts,
        ['Made', created === undefined ? undefined : <AgeFact key="made" created={created} />],
      ]}
    />
  );
}

function isGood({ type, status }: WorkloadFacts['conditions'][number]): boolean {
  return status === (type === 'ReplicaFailure' || type === 'Failed' ? 'false' : 'true');
}
