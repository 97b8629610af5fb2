import { Anchor, Button, Loader, Stack } from '@mantine/core';
import { Link, useParams } from 'wouter';
import { EmptyState } from '../../app/empty-state.tsx';
import { ErrorState } from '../../app/error-state.tsx';
import { clusterOfSegment, nodePath } from '../../app/object-paths.ts';
import { PageHeader } from '../../app/page-header.tsx';
import { keptSearch } from '../../app/url-state.ts';
import { formatValue } from '../../charts/format-value.ts';
import { ChartSections } from '../../objects/chart-sections.tsx';
import { Facts } from '../../objects/facts.tsx';
import { newPolicyPath } from '../../objects/filtered-path.ts';
import { ObjectAlerts } from '../../objects/object-alerts.tsx';
import { objectCrumbs } from '../../objects/object-crumbs.ts';
import { Reasons } from '../../objects/reasons.tsx';
import { Section } from '../../objects/section.tsx';
import { ContainerBadge, lastEndText, usedOf } from './containers-table.tsx';
import { diagnose } from './diagnosis.ts';
import { containerCharts } from './pod-charts.ts';
import type { ContainerFacts, PodFacts } from './pod-facts.ts';
import { usePodFacts } from './use-pod-facts.ts';

/** A container of a pod: its state, how it ended before, and its charts. */
export default function ContainerPage() {
  const { cluster: segment = '', namespace = '', pod = '', container: name = '' } = useParams();
  const labels = { cluster: clusterOfSegment(segment), namespace, pod, container: name };
  const { data: facts, error, reload } = usePodFacts(labels);
  const container = facts?.containers.find((one) => one.name === name);
  return (
    <>
      <PageHeader
        title={name}
        crumbs={objectCrumbs('/pods', { ...labels, ...facts })}
        badges={container !== undefined && <ContainerBadge container={container} />}
        actions={
          <Button component={Link} variant="default" href={newPolicyPath('container', labels)}>
            Make a policy for this
          </Button>
        }
      />
      <Stack gap="lg">
        {error !== undefined && facts === undefined && (
          <ErrorState title="The container's state cannot be had" error={error} onRetry={reload} />
        )}
        {facts === undefined && error === undefined && <Loader aria-label="Loading" />}
        {facts !== undefined && container === undefined && (
          <EmptyState
            title="There is no such container at this time"
            text="Its pod may have been deleted. What was stored of it is below, for the time range that is chosen."
          />
        )}
        {facts !== undefined && facts !== null && container !== undefined && (
          <ContainerState cluster={labels.cluster} pod={facts} container={container} />
        )}
        <Section title="Alerts">
          <ObjectAlerts
            cluster={labels.cluster}
            namespace={namespace}
            isAbout={(alert) => alert.pod === pod && alert.container === name}
          />
        </Section>
        {facts !== undefined && (
          <ChartSections sections={containerCharts(labels, { gpu: container?.hasGpu === true })} />
        )}
      </Stack>
    </>
  );
}

function ContainerState({
  cluster,
  pod,
  container,
}: {
  readonly cluster: string;
  readonly pod: PodFacts;
  readonly container: ContainerFacts;
}) {
  const { state, reason, isReady, isInit, restarts, restartsLately, image, imageId } = container;
  const { status, tone, reasons } = diagnose({ ...pod, containers: [container] });
  return (
    <>
      <Reasons title={`Why: ${status}`} tone={tone} reasons={reasons} />
      <Facts
        wide={[
          ['Image', image],
          ['Image ID', imageId],
        ]}
        items={[
          ['State', reason === undefined ? state : `${state}: ${reason}`],
          ['Ready', isInit || isReady === undefined ? undefined : isReady ? 'yes' : 'no'],
          ['Restarts', `${restarts}${restartsLately > 0 ? ` (${restartsLately} in the last half hour)` : ''}`],
          ['Ended last', lastEndText(container) ?? 'never'],
          ['CPU, of the limit', usedOf(container.cpuUsed, container.cpuLimit, 'cores')],
          [
            'CPU requested',
            container.cpuRequest === undefined ? 'nothing' : formatValue(container.cpuRequest, 'cores'),
          ],
          ['Memory, of the limit', usedOf(container.memoryUsed, container.memoryLimit, 'bytes')],
          [
            'Memory requested',
            container.memoryRequest === undefined ? 'nothing' : formatValue(container.memoryRequest, 'bytes'),
          ],
          ['Kind', isInit ? 'init container' : undefined],
          [
            'Node',
            pod.node === undefined ? undefined : (
              <Anchor component={Link} fz="sm" href={nodePath(cluster, pod.node) + keptSearch()}>
                {pod.node}
              </Anchor>
            ),
          ],
        ]}
      />
    </>
  );
}
