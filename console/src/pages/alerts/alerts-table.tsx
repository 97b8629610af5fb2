import { Anchor, Box, Button, Group, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { EmptyState } from '../../app/empty-state.tsx';
import { formatDuration } from '../../app/format-time.ts';
import { keptSearch } from '../../app/url-state.ts';
import { formatValue } from '../../charts/format-value.ts';
import { groupBy } from '../../lists/group-by.ts';
import { NameText } from '../../objects/name-text.tsx';
import { metricUnit } from '../policies/metric-catalogue.ts';
import { AlertStateBadges, SeverityBadge } from './alert-badges.tsx';
import { alertObject } from './alert-object.ts';
import { LEVELS, severityRank } from './alert-severity.ts';
import classes from './alerts-table.module.css';
import type { CurrentAlert } from './current-alerts.ts';

export type Grouping = 'severity' | 'name' | 'object';

const HEADINGS = { serious: 'Serious', warn: 'Warn', remind: 'Remind', other: 'Other' } as const;

/** Alerts in groups, the worst first. */
export function AlertsTable({
  alerts,
  total,
  counts,
  isFiltered,
  isKnown,
  grouping,
  onMore,
}: {
  /** The worst of those that are selected, in order. */
  readonly alerts: readonly CurrentAlert[];
  /** How many are selected. */
  readonly total: number;
  /** How many of each group are: by level, name or object. */
  readonly counts: Readonly<Record<string, number>>;
  readonly isFiltered: boolean;
  /** Whether all rules are evaluated. */
  readonly isKnown: boolean;
  readonly grouping: Grouping;
  /** Shows more of them; without it there are none, or no more can be shown. */
  readonly onMore?: () => void;
}) {
  if (alerts.length === 0) {
    return isFiltered ? (
      <EmptyState title="No alert is like that" text="No alert is selected by the filters above." />
    ) : !isKnown ? (
      <EmptyState title="No alert is known" text="Whether all is well cannot be told while rules are not evaluated." />
    ) : (
      <EmptyState title="All is well" text="No alert of any rule or policy is pending or fires." />
    );
  }
  const groups = groupBy(alerts, (alert) => groupOf(alert, grouping));
  return (
    <Stack gap="md">
      <div className={classes.head} aria-hidden>
        <span>Alert</span>
        <span>Object</span>
        <span className={classes.number}>Value</span>
        <span className={classes.number}>For</span>
      </div>
      {[...groups].map(([group, shown]) => {
        const title = grouping === 'severity' ? HEADINGS[group as keyof typeof HEADINGS] : group;
        return (
          <section key={group} aria-label={title}>
            <Group gap="xs" mb={4} wrap="nowrap">
              <Text fw={600} truncate>
                {title}
              </Text>
              <Text c="dimmed" size="sm">
                {(counts[group] ?? shown.length).toLocaleString()}
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
      {onMore !== undefined && (
        <Button variant="default" onClick={onMore} style={{ alignSelf: 'flex-start' }}>
          Show more of {total.toLocaleString()}
        </Button>
      )}
    </Stack>
  );
}

function AlertRow({ alert }: { readonly alert: CurrentAlert }) {
  const { fingerprint, state, labels, annotations, activeAt, value, threshold, metric, query } = alert;
  const { kind, text, path } = alertObject(labels);
  const summary = annotations.summary ?? annotations.description ?? '';
  const unit = metricUnit(metric);
  const explored = new URLSearchParams(keptSearch());
  explored.set('g0.expr', query);
  return (
    <div className={classes.row}>
      <Box miw={0}>
        <Group gap={6}>
          <Anchor component={Link} href={`/alerts/${fingerprint}${keptSearch()}`} fw={600} size="sm">
            {labels.alertname ?? fingerprint}
          </Anchor>
          <SeverityBadge severity={labels.severity} />
          <AlertStateBadges state={state} silencedBy={alert.silencedBy} inhibitedBy={alert.inhibitedBy} />
        </Group>
        {summary !== '' && (
          <Text size="sm" c="dimmed" lineClamp={2} title={summary}>
            {summary}
          </Text>
        )}
      </Box>
      <Box miw={0}>
        {path === undefined ? (
          <Text size="sm">
            <NameText>{text}</NameText>
          </Text>
        ) : (
          <Anchor component={Link} href={path + keptSearch()} size="sm">
            <NameText>{text}</NameText>
          </Anchor>
        )}
        <Text size="xs" c="dimmed">
          {[kind, toldText(alert)].filter((part) => part !== '').join(' · ')}
        </Text>
      </Box>
      <div className={classes.number} title="Value, and what it is compared with">
        <Text size="sm">{Number.isNaN(value) ? '–' : formatValue(value, unit)}</Text>
        {threshold !== undefined && (
          <Text size="xs" c="dimmed">
            at {formatValue(threshold, unit)}
          </Text>
        )}
      </div>
      <div className={classes.number}>
        <Text size="sm" title={new Date(activeAt).toLocaleString()}>
          {formatDuration((Date.now() - activeAt) / 1000)}
        </Text>
        {query !== '' && (
          <Anchor component={Link} href={`/explore?${explored}`} size="xs" aria-label={`Explore ${labels.alertname}`}>
            Explore
          </Anchor>
        )}
      </div>
    </div>
  );
}

/** Who is told of it: `tells on-call, shop`. */
function toldText({ state, silencedBy, inhibitedBy, receivers }: CurrentAlert): string {
  if (state === 'pending') return '';
  if (silencedBy.length > 0 || inhibitedBy.length > 0 || receivers.length === 0) return 'nobody is told';
  return `tells ${receivers.toSorted().join(', ')}`;
}

function groupOf({ labels }: CurrentAlert, grouping: Grouping): string {
  switch (grouping) {
    case 'name':
      return labels.alertname ?? '';
    case 'object':
      return alertObject(labels).text;
    default:
      return LEVELS[severityRank(labels.severity)]!;
  }
}
