import { Anchor, Box, Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import { EmptyState } from '../../app/empty-state.tsx';
import { formatDuration } from '../../app/format-time.ts';
import { keptSearch } from '../../app/url-state.ts';
import { AlertStateBadges, SeverityBadge } from './alert-badges.tsx';
import { alertObject } from './alert-object.ts';
import { severityRank } from './alert-severity.ts';
import classes from './alerts-table.module.css';
import type { CurrentAlert } from './current-alerts.ts';
import { groupBy } from './group-by.ts';

export type Grouping = 'severity' | 'name' | 'object';

const FIRST = 100;
const HEADINGS = ['Serious', 'Warn', 'Remind', 'Other'];

/** Alerts in groups, the worst first; `total` is how many there are besides what was filtered out. */
export function AlertsTable({
  alerts,
  total,
  grouping,
}: {
  readonly alerts: readonly CurrentAlert[];
  readonly total: number;
  readonly grouping: Grouping;
}) {
  const [limit, setLimit] = useState(FIRST);
  if (alerts.length === 0) {
    return total === 0 ? (
      <EmptyState title="All is well" text="No alert of any rule or policy is pending or fires." />
    ) : (
      <EmptyState title="No alert is like that" text={`None of ${total} alerts is selected by the filters above.`} />
    );
  }
  const ordered = alerts.toSorted(
    (a, b) =>
      severityRank(a.labels.severity) - severityRank(b.labels.severity) ||
      Number(b.state === 'firing') - Number(a.state === 'firing') ||
      b.activeAt - a.activeAt,
  );
  const groups = groupBy(ordered, (alert) => groupOf(alert, grouping));
  let left = limit;
  return (
    <Stack gap="md">
      {[...groups].map(([title, own]) => {
        const shown = own.slice(0, Math.max(0, left));
        left -= own.length;
        if (shown.length === 0) return null;
        return (
          <section key={title} aria-label={title}>
            <Group gap="xs" mb={4} wrap="nowrap">
              <Text fw={600} truncate>
                {title}
              </Text>
              <Text c="dimmed" size="sm">
                {own.length}
              </Text>
            </Group>
            <div>
              {shown.map((alert) => (
                <AlertRow key={`${alert.fingerprint} ${alert.state}`} alert={alert} />
              ))}
            </div>
          </section>
        );
      })}
      {left < 0 && (
        <Button variant="default" onClick={() => setLimit(limit * 5)} style={{ alignSelf: 'flex-start' }}>
          Show more of {alerts.length}
        </Button>
      )}
    </Stack>
  );
}

function AlertRow({ alert }: { readonly alert: CurrentAlert }) {
  const { fingerprint, state, labels, annotations, activeAt, value, silencedBy, inhibitedBy } = alert;
  const { kind, text, path } = alertObject(labels);
  const summary = annotations.summary ?? annotations.description ?? '';
  return (
    <div className={classes.row}>
      <Box miw={0}>
        <Group gap={6}>
          <Anchor component={Link} href={`/alerts/${fingerprint}${keptSearch()}`} fw={600} size="sm">
            {labels.alertname ?? fingerprint}
          </Anchor>
          <SeverityBadge severity={labels.severity} />
          <AlertStateBadges state={state} silencedBy={silencedBy} inhibitedBy={inhibitedBy} />
        </Group>
        {summary !== '' && (
          <Text size="sm" c="dimmed">
            {summary}
          </Text>
        )}
      </Box>
      <Box miw={0}>
        {path === undefined ? (
          <Text size="sm" className={classes.object}>
            {text}
          </Text>
        ) : (
          <Anchor component={Link} href={path + keptSearch()} size="sm" className={classes.object}>
            {text}
          </Anchor>
        )}
        <Text size="xs" c="dimmed">
          {kind}
        </Text>
      </Box>
      <Text size="sm" className={classes.number} title="Value">
        {Number.isNaN(value) ? '–' : Number(value.toPrecision(4)).toLocaleString()}
      </Text>
      <Text size="sm" c="dimmed" className={classes.number} title={new Date(activeAt).toLocaleString()}>
        {formatDuration((Date.now() - activeAt) / 1000)}
      </Text>
    </div>
  );
}

function groupOf({ labels }: CurrentAlert, grouping: Grouping): string {
  switch (grouping) {
    case 'name':
      return labels.alertname ?? '';
    case 'object':
      return alertObject(labels).text;
    default:
      return HEADINGS[severityRank(labels.severity)]!;
  }
}
