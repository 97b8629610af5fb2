import { Anchor, Box, Group, Loader, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { getJson } from '../../api/get-json.ts';
import { useData } from '../../api/use-data.ts';
import { EmptyState } from '../../app/empty-state.tsx';
import { ErrorState } from '../../app/error-state.tsx';
import { plural } from '../../app/plural.ts';
import { useTimeRange } from '../../app/time-range.ts';
import { keptSearch } from '../../app/url-state.ts';
import { SeverityBadge } from './alert-badges.tsx';
import { type AlertEvent, type AlertLane, alertLanes } from './alert-lanes.ts';
import { alertObject } from './alert-object.ts';
import type { CurrentAlert } from './current-alerts.ts';
import { groupBy } from './group-by.ts';
import classes from './history-view.module.css';
import { LaneChart } from './lane-chart.tsx';
import { TimeAxis } from './time-axis.tsx';

const MOST_EVENTS = 5_000;
const PAGE = 1_000;
const MOST_LANES = 200;

interface History {
  readonly events: readonly AlertEvent[];
  readonly isWhole: boolean;
  readonly start: number;
  readonly end: number;
}

/** What fired when: a lane for each alert over the shared time range, by object. */
export function HistoryView({
  current,
  isWanted,
}: {
  readonly current: readonly CurrentAlert[];
  /** Which alerts are shown. */
  readonly isWanted: (alert: Pick<CurrentAlert, 'labels'>) => boolean;
}) {
  const [range] = useTimeRange();
  const { data, error, reload } = useData(
    `${range.from} ${range.to}`,
    async (signal): Promise<History> => {
      const now = Date.now() / 1000;
      const shift = range.isLive ? now - range.end : 0;
      return loadHistory({ start: range.start + shift, end: range.end + shift }, signal);
    },
    range.isLive,
  );
  if (data === undefined) {
    if (error !== undefined) return <ErrorState title="The history cannot be read" error={error} onRetry={reload} />;
    return <Loader role="status" m="xl" aria-label="Loading" />;
  }
  const { events, isWhole, ...times } = data;
  const still = range.isLive ? current.filter(isWanted) : [];
  const lanes = alertLanes(events.filter(isWanted), still, times);
  if (lanes.length === 0) {
    return (
      <EmptyState title="Nothing fired" text="No alert that is selected was pending or fired in this time range." />
    );
  }
  const shown = lanes.slice(0, MOST_LANES);
  const objects = groupBy(shown, ({ labels }) => alertObject(labels).text);
  return (
    <Stack gap="md">
      <Legend />
      <div>
        {[...objects].map(([object, own]) => (
          <ObjectLanes key={object} lanes={own} {...times} />
        ))}
        <div className={classes.row}>
          <span />
          <TimeAxis {...times} />
        </div>
      </div>
      {(!isWhole || lanes.length > MOST_LANES) && (
        <Text size="sm" c="dimmed">
          More happened than is shown: choose a shorter time, or select some of the alerts.
        </Text>
      )}
    </Stack>
  );
}

function ObjectLanes({
  lanes,
  start,
  end,
}: {
  readonly lanes: readonly AlertLane[];
  readonly start: number;
  readonly end: number;
}) {
  const { kind, text, path } = alertObject(lanes[0]!.labels);
  return (
    <Box component="section" mb="xs" aria-label={`${kind} ${text}`}>
      <Group gap={6} wrap="nowrap">
        <Text size="xs" c="dimmed" style={{ flexShrink: 0 }}>
          {kind}
        </Text>
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
      {lanes.map(({ key, fingerprint, labels, spans }) => (
        <div key={key} className={classes.row}>
          <Group gap={6} wrap="nowrap" miw={0}>
            <Anchor component={Link} href={`/alerts/${fingerprint}${keptSearch()}`} size="sm" truncate>
              {labels.alertname}
            </Anchor>
            <SeverityBadge severity={labels.severity} />
          </Group>
          <LaneChart
            spans={spans}
            start={start}
            end={end}
            label={`${labels.alertname}: firing ${plural(spans.filter(({ state }) => state === 'firing').length, 'time')}`}
          />
        </div>
      ))}
    </Box>
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

async function loadHistory(
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal,
): Promise<History> {
  const events: AlertEvent[] = [];
  let before: string | undefined;
  do {
    const params = new URLSearchParams({ start: start.toFixed(3), end: end.toFixed(3), limit: String(PAGE) });
    if (before !== undefined) params.set('before', before);
    const page = await getJson<{ readonly events: readonly AlertEvent[]; readonly next?: string }>(
      `/api/v1/alerts/history?${params}`,
      { signal },
    );
    events.push(...page.events);
    before = page.next;
  } while (before !== undefined && events.length < MOST_EVENTS);
  return { events, isWhole: before === undefined, start: start * 1000, end: end * 1000 };
}
