import { Anchor, Badge, Group, Text } from '@mantine/core';
import { Link } from 'wouter';
import type { Loaded } from '../../api/use-data.ts';
import { plural } from '../../app/plural.ts';
import { StatusBadge } from '../../app/status-badge.tsx';
import { NameText } from '../../objects/name-text.tsx';
import { Ago } from './ago.tsx';
import { alertObject } from './changes.ts';
import { type FiringAlert, type FiringAlerts, isSerious } from './firing-alerts.ts';
import { ObjectLink, withKeptSearch } from './object-link.tsx';
import { Nothing, Panel, PanelBody } from './panel.tsx';
import classes from './rows.module.css';

const SHOWN = 8;

/** What fires, the worst first, each with a link to its story. */
export function AlertsPanel({ loaded }: { readonly loaded: Loaded<FiringAlerts> }) {
  const { data } = loaded;
  return (
    <Panel
      title="Firing alerts"
      aside={
        <>
          {data !== undefined && <BySeverity alerts={data} />}
          <Anchor component={Link} href={withKeptSearch('/alerts')} fz="xs">
            All alerts
          </Anchor>
        </>
      }
    >
      <PanelBody loaded={loaded} title="The alerts cannot be shown">
        {({ firing, pending }) => (
          <>
            {firing.length === 0 && (
              <Nothing>
                Nothing fires{pending > 0 ? `; ${plural(pending, 'alert is', 'alerts are')} pending` : ''}.
              </Nothing>
            )}
            <ul className={classes.rows}>
              {firing.slice(0, SHOWN).map((alert) => (
                <AlertRow key={alert.fingerprint ?? JSON.stringify(alert.labels)} alert={alert} />
              ))}
            </ul>
            {firing.length > SHOWN && <Nothing>and {firing.length - SHOWN} more</Nothing>}
          </>
        )}
      </PanelBody>
    </Panel>
  );
}

function AlertRow({ alert }: { readonly alert: FiringAlert }) {
  const { fingerprint, labels, summary, since, isQuiet } = alert;
  const { alertname = 'Alert', severity = '' } = labels;
  const path = fingerprint === undefined ? `/alerts?filter=${encodeURIComponent(alertname)}` : `/alerts/${fingerprint}`;
  const tone = isQuiet ? 'unknown' : isSerious(severity) ? 'bad' : 'warning';
  return (
    <li className={classes.row}>
      <div className={classes.badge}>
        <StatusBadge status={isQuiet ? 'silenced' : severity === '' ? 'firing' : severity} tone={tone} />
      </div>
      <div className={classes.main}>
        <Group gap="0 6px" wrap="wrap">
          <ObjectLink path={path}>{alertname}</ObjectLink>
          <Text span fz="sm" miw={0}>
            <NameText>{alertObject(labels)}</NameText>
          </Text>
        </Group>
        {summary !== '' && (
          <Text fz="xs" c="dimmed" lineClamp={3} title={summary} style={{ overflowWrap: 'anywhere' }}>
            {summary}
          </Text>
        )}
      </div>
      {since !== undefined && <Ago time={since} />}
    </li>
  );
}

function BySeverity({ alerts: { firing, pending } }: { readonly alerts: FiringAlerts }) {
  const counts = new Map<string, number>();
  for (const { labels, isQuiet } of firing) {
    const severity = isQuiet ? 'silenced' : labels.severity || 'firing';
    counts.set(severity, (counts.get(severity) ?? 0) + 1);
  }
  return (
    <Group gap={6}>
      {[...counts].map(([severity, count]) => (
        <StatusBadge
          key={severity}
          status={`${count} ${severity}`}
          tone={severity === 'silenced' ? 'unknown' : isSerious(severity) ? 'bad' : 'warning'}
        />
      ))}
      {pending > 0 && (
        <Badge variant="default" fw={500}>
          {pending} pending
        </Badge>
      )}
    </Group>
  );
}
