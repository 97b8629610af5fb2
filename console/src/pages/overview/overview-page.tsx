import { Skeleton, Stack } from '@mantine/core';
import { useData } from '../../api/use-data.ts';
import { EmptyState } from '../../app/empty-state.tsx';
import { ErrorState } from '../../app/error-state.tsx';
import { OldNote } from '../../app/old-note.tsx';
import { PageHeader } from '../../app/page-header.tsx';
import { useTimeRange } from '../../app/time-range.ts';
import { useUrlState } from '../../app/url-state.ts';
import { AlertsPanel } from './alerts-panel.tsx';
import { askAll } from './ask-all.ts';
import { ChangesPanel } from './changes-panel.tsx';
import { ClusterPanel } from './cluster-panel.tsx';
import { clusterQueries, clusterSummaries } from './cluster-summary.ts';
import { firingAlerts } from './firing-alerts.ts';
import { FirstSteps } from './first-steps.tsx';
import { loadChanges } from './load-changes.ts';
import { loadProblems } from './load-problems.ts';
import { Machines } from './machines.tsx';
import classes from './overview-page.module.css';
import type { Problem } from './problems.ts';
import { ProblemsPanel } from './problems-panel.tsx';
import { TopConsumersPanel } from './top-consumers-panel.tsx';

const HOUR = 3600;

/** What somebody on call wants to see first: whether all is well, what is not, and what changed lately. */
export default function OverviewPage() {
  const [chosen] = useUrlState('cluster');
  const cluster = chosen === '' ? undefined : chosen;
  const [range] = useTimeRange();
  const time = range.isLive ? undefined : range.end;
  const clusters = useData(
    `clusters ${time}`,
    async (signal) => clusterSummaries(await askAll(clusterQueries(undefined), { time, signal })),
    range.isLive,
  );
  const alerts = useData(`alerts ${chosen} ${time}`, (signal) => firingAlerts(cluster, { time, signal }), range.isLive);
  const window = Math.min(range.end - range.start, 6 * HOUR);
  const changes = useData(
    `changes ${chosen} ${range.from} ${range.to}`,
    (signal) => loadChanges({ cluster, start: range.start, end: range.end }, signal),
    range.isLive,
  );
  const all = clusters.data ?? [];
  const shown = all.filter((one) => cluster === undefined || one.cluster === cluster);
  const hasClusters = all.length > 0;
  const isAlone = clusters.data !== undefined && !hasClusters;
  // Only where there are clusters is there anybody to ask.
  const isWorthAsking = hasClusters || clusters.error !== undefined;
  const wrong = useData<readonly Problem[] | undefined>(
    `problems ${isWorthAsking} ${chosen} ${window} ${time}`,
    async (signal) => (isWorthAsking ? loadProblems({ cluster, window, time }, signal) : undefined),
    range.isLive,
  );
  return (
    <>
      <PageHeader title="Overview" />
      <Stack gap="sm">
        {clusters.data !== undefined && <OldNote error={clusters.error} />}
        {clusters.error !== undefined && clusters.data === undefined && (
          <ErrorState title="The clusters cannot be shown" error={clusters.error} onRetry={clusters.reload} />
        )}
        {clusters.data === undefined && clusters.error === undefined && <Skeleton height={150} aria-label="Loading" />}
        {hasClusters && shown.length === 0 && (
          <EmptyState title={`Nothing is known of the cluster ${chosen}`} text="Choose another one, or all." />
        )}
        {shown.map((summary) => (
          <ClusterPanel key={summary.cluster} summary={summary} />
        ))}
        {isAlone && <Machines hasCharts />}
        <div className={classes.halves}>
          {isAlone ? (
            <>
              <Stack gap="sm">
                <AlertsPanel loaded={alerts} />
                <ChangesPanel loaded={changes} />
              </Stack>
              <FirstSteps />
            </>
          ) : (
            <>
              <ProblemsPanel loaded={wrong} />
              <AlertsPanel loaded={alerts} />
              <ChangesPanel loaded={changes} />
              <TopConsumersPanel cluster={cluster} />
            </>
          )}
        </div>
        {hasClusters && cluster === undefined && <Machines hasCharts={false} />}
      </Stack>
    </>
  );
}
