import { Anchor, Box, Group, Loader, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { Link } from 'wouter';
import { useRangedData } from '../../api/use-ranged-data.ts';
import { EmptyState } from '../../app/empty-state.tsx';
import { ErrorState } from '../../app/error-state.tsx';
import { formatDateTime, formatDuration } from '../../app/format-time.ts';
import { OldNote } from '../../app/old-note.tsx';
import { plural } from '../../app/plural.ts';
import { useTimeRange } from '../../app/time-range.ts';
import { keptSearch, useUrlState } from '../../app/url-state.ts';
import { ListPages } from '../../lists/list-pages.tsx';
import { SeverityBadge } from './alert-badges.tsx';
import { alertObject } from './alert-object.ts';
import { type AlertTimeline, loadTimeline, type TimelineAlert } from './alert-timeline.ts';
import { groupBy } from './group-by.ts';
import classes from './history-view.module.css';
import { LaneChart } from './lane-chart.tsx';
import { TimeAxis } from './time-axis.tsx';

const PAGE = 50;

/** What fired when: a lane for each alert of the shared time range, in pages. */
export function HistoryView({
  query,
}: {
  /** Which alerts in which order, as parameters of /api/v1/alerts/timeline. */
  readonly query: Readonly<Record<'filter' | 'cluster' | 'level' | 'sort', string>>;
}) {
  const [range] = useTimeRange();
  const [pageText, setPage] = useUrlState('page', '1');
  const page = Math.max(1, Math.floor(Number(pageText)) || 1);
  const asked = { ...query, limit: String(PAGE), offset: String((page - 1) * PAGE) };
  const {
    data: fresh,
    error,
    isLoading,
    reload,
  } = useRangedData(JSON.stringify(asked), range, (signal) => loadTimeline(range, asked, signal));
  // Another page, order or time: the lanes stay until the next are there.
  const last = useRef<AlertTimeline>(undefined);
  if (fresh !== undefined) last.current = fresh;
  const data = fresh ?? (error === undefined ? last.current : undefined);
  const pages = Math.max(1, Math.ceil((data?.total ?? 0) / PAGE));
  const isBeyond = fresh !== undefined && page > pages;
  // The time or the cluster is another one, in which there are fewer.
  useEffect(() => {
    if (isBeyond) setPage(String(pages));
  }, [isBeyond, pages, setPage]);
  if (data === undefined) {
    if (error !== undefined) return <ErrorState title="The history cannot be read" error={error} onRetry={reload} />;
    return <Loader role="status" m="xl" aria-label="Loading" />;
  }
  if (data.total === 0) {
    const isNarrowed = query.filter !== '' || query.level !== '' || query.cluster !== '';
    return (
      <div aria-busy={isLoading}>
        <OldNote error={error} />
        <EmptyState
          title={isNarrowed ? 'No alert is like that' : 'Nothing fired'}
          text={`No alert ${isNarrowed ? 'that is selected ' : ''}was pending or fired in this time range.`}
        />
      </div>
    );
  }
  const { start, end, alerts, total, knownFrom } = data;
  const isByName = query.sort === 'name';
  const groups = groupBy(alerts, ({ labels }) =>
    isByName ? (labels.alertname ?? '') : JSON.stringify(Object.values(alertObject(labels))),
  );
  return (
    <div aria-busy={isLoading}>
      <OldNote error={error} />
      <Group justify="space-between" mb="md" gap="xs">
        <Legend />
        <Group gap="xs">
          {isLoading && <Loader size="xs" aria-label="Loading" />}
          <Text fz="sm" c="dimmed" role="status">
            {plural(total, 'alert')}
          </Text>
        </Group>
      </Group>
      {knownFrom !== undefined && (
        <Text size="sm" mb="sm" role="note">
          More changed in this time than is read: what was before {formatDateTime(knownFrom / 1000)} is missing. Choose
          a shorter time, or a cluster.
        </Text>
      )}
      <div className={classes.lanes} data-old={fresh === undefined || undefined}>
        {[...groups].map(([group, own]) => (
          <LaneGroup key={group} alerts={own} isByName={isByName} start={start} end={end} />
        ))}
        <div className={classes.row}>
          <span />
          <TimeAxis start={start} end={end} />
        </div>
      </div>
      <ListPages total={total} page={Math.min(page, pages)} pageSize={PAGE} onPage={(next) => setPage(String(next))} />
    </div>
  );
}

/** Alerts of one object, or those of one name. */
function LaneGroup({
  alerts,
  isByName,
  start,
  end,
}: {
  readonly alerts: readonly TimelineAlert[];
  readonly isByName: boolean;
  readonly start: number;
  readonly end: number;
}) {
  const { labels } = alerts[0]!;
  const { kind, text, path } = isByName
    ? { kind: '', text: labels.alertname ?? '', path: undefined }
    : alertObject(labels);
  return (
    <Box component="section" mb="xs" aria-label={`${kind} ${text}`.trim()}>
      <Group gap={6} wrap="nowrap">
        {kind !== '' && (
          <Text size="xs" c="dimmed" style={{ flexShrink: 0 }}>
            {kind}
          </Text>
        )}
        {path === undefined ? (
          <Text size="sm" fw={600} truncate>
            {text}
          </Text>
        ) : (
          <Anchor component={Link} href={path + keptSearch()} size="sm" fw={600} truncate>
            {text}
          </Anchor>
        )}
      </Group>
      {alerts.map((alert) => (
        <Lane
          key={JSON.stringify(alert.labels)}
          alert={alert}
          title={isByName ? alertObject(alert.labels).text : (alert.labels.alertname ?? alert.fingerprint)}
          start={start}
          end={end}
        />
      ))}
    </Box>
  );
}

function Lane({
  alert: { fingerprint, labels, firingSeconds, spans },
  title,
  start,
  end,
}: {
  readonly alert: TimelineAlert;
  readonly title: string;
  readonly start: number;
  readonly end: number;
}) {
  const times = spans.filter(({ state }) => state === 'firing').length;
  return (
    <div className={classes.row}>
      <Group gap={6} wrap="nowrap" miw={0}>
        <Anchor component={Link} href={`/alerts/${fingerprint}${keptSearch()}`} size="sm" truncate title={title}>
          {title}
        </Anchor>
        <SeverityBadge severity={labels.severity} />
        {firingSeconds > 0 && (
          <Text size="xs" c="dimmed" className={classes.firing} title="How long it fired in this time">
            {formatDuration(firingSeconds)}
          </Text>
        )}
      </Group>
      <LaneChart
        spans={spans}
        start={start}
        end={end}
        label={`${labels.alertname}: firing ${plural(times, 'time')}, ${formatDuration(firingSeconds)}`}
      />
    </div>
  );
}

function Legend() {
  const entries = [
    ['pending', 'yellow-5'],
    ['serious, critical', 'red-7'],
    ['warn', 'orange-6'],
    ['remind, info', 'blue-6'],
  ] as const;
  return (
    <Group gap="md">
      {entries.map(([text, colour]) => (
        <Group key={text} gap={6}>
          <Box w={12} h={12} bg={`var(--mantine-color-${colour})`} style={{ borderRadius: 2 }} />
          <Text size="xs" c="dimmed">
            {text}
          </Text>
        </Group>
      ))}
    </Group>
  );
}
