import { Anchor, Box, Group, Loader, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useRangedData } from '../../api/use-ranged-data.ts';
import { EmptyState } from '../../app/empty-state.tsx';
import { ErrorState } from '../../app/error-state.tsx';
import { formatDateTime, formatDuration } from '../../app/format-time.ts';
import { OldNote } from '../../app/old-note.tsx';
import { plural } from '../../app/plural.ts';
import { useTimeRange } from '../../app/time-range.ts';
import { keptSearch } from '../../app/url-state.ts';
import { groupBy } from '../../lists/group-by.ts';
import { ListPages } from '../../lists/list-pages.tsx';
import { listStateOf, withListState } from '../../lists/list-query.ts';
import { SeverityBadge } from './alert-badges.tsx';
import { alertObject } from './alert-object.ts';
import { type AlertTimeline, loadTimeline, type TimelineAlert } from './alert-timeline.ts';
import classes from './history-view.module.css';
import { LaneChart } from './lane-chart.tsx';
import { laneTitles } from './lane-titles.ts';
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
  const [params, setParams] = useSearchParams();
  const { page } = listStateOf(params);
  const setPage = (next: number, replace = false): void =>
    setParams((before) => withListState(before, { page: next }), { replace });
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
    if (isBeyond) setPage(pages, true);
  });
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
  const times = { start, end, knownFrom };
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
          a shorter time{query.cluster === '' && ' or one cluster'}.
        </Text>
      )}
      <div className={classes.lanes} data-old={fresh === undefined || undefined}>
        {[...groups].map(([group, own]) => (
          <LaneGroup key={group} alerts={own} isByName={isByName} times={times} />
        ))}
        <div className={classes.row}>
          <span />
          <TimeAxis start={start} end={end} />
        </div>
      </div>
      <ListPages total={total} page={Math.min(page, pages)} pageSize={PAGE} onPage={(next) => setPage(next)} />
    </div>
  );
}

type Times = Pick<AlertTimeline, 'start' | 'end' | 'knownFrom'>;

/** Alerts of one object, or those of one name. */
function LaneGroup({
  alerts,
  isByName,
  times,
}: {
  readonly alerts: readonly TimelineAlert[];
  readonly isByName: boolean;
  readonly times: Times;
}) {
  const { labels } = alerts[0]!;
  const { kind, text, path } = isByName
    ? { kind: '', text: labels.alertname ?? '', path: undefined }
    : alertObject(labels);
  const titles = laneTitles(
    alerts.map((alert) => alert.labels),
    isByName ? (own) => alertObject(own).text : (own) => own.alertname ?? '',
  );
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
          title={titles.get(alert.labels) || alert.fingerprint}
          times={times}
        />
      ))}
    </Box>
  );
}

function Lane({
  alert: { fingerprint, labels, firingSeconds, spans },
  title,
  times,
}: {
  readonly alert: TimelineAlert;
  readonly title: string;
  readonly times: Times;
}) {
  const count = spans.filter(({ state }) => state === 'firing').length;
  return (
    <div className={classes.row}>
      <Group gap={6} wrap="nowrap" miw={0}>
        <Anchor component={Link} href={`/alerts/${fingerprint}${keptSearch()}`} size="sm" truncate title={title}>
          {title}
        </Anchor>
        <Box className={classes.whole}>
          <SeverityBadge severity={labels.severity} />
        </Box>
        {firingSeconds > 0 && (
          <Text
            size="xs"
            c="dimmed"
            className={`${classes.whole} ${classes.firing}`}
            title="How long it fired in this time"
          >
            {formatDuration(firingSeconds)}
          </Text>
        )}
      </Group>
      <LaneChart
        spans={spans}
        {...times}
        label={`${title}: firing ${plural(count, 'time')}, ${formatDuration(firingSeconds)}`}
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
