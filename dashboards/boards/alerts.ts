import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { type BoardLink, cell } from '../parts/links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { labelVariable } from '../parts/variables.ts';

const CHOSEN = 'cluster=~"$cluster", namespace=~"$namespace", severity=~"$severity"';
const firing = `ALERTS{${CHOSEN}, alertstate="firing"}`;
const pending = `ALERTS{${CHOSEN}, alertstate="pending"}`;
const OBJECT = 'alertname, severity, cluster, namespace, node, workload_kind, workload_name, pod, instance';
const since = `topk(200, 1000 * min by (${OBJECT}) (ALERTS_FOR_STATE{${CHOSEN}} and ignoring (alertstate) ${firing}))`;

const toPod: BoardLink = {
  title: 'Pod',
  uid: 'pharos-pod',
  variables: { cluster: cell('cluster'), namespace: cell('namespace'), pod: cell('pod') },
};
const toWorkload: BoardLink = {
  title: 'Workload',
  uid: 'pharos-workload',
  variables: {
    cluster: cell('cluster'),
    namespace: cell('namespace'),
    workload: cell('workload_name'),
    kind: cell('workload_kind'),
  },
};
const toNode: BoardLink = {
  title: 'Node',
  uid: 'pharos-node',
  variables: { cluster: cell('cluster'), node: cell('node') },
};
/** Of what has never happened yet there may be no series. */
const orZero = (expr: string): string => `${expr} or vector(0)`;
const increase = (metric: string): string => `sum(increase(${metric}[$__range]))`;
const perSecond = (metric: string, by: string): string => `sum by (${by}) (rate(${metric}[$__rate_interval]))`;
const average = (metric: string, by: string): string =>
  `sum by (${by}) (rate(${metric}_sum[$__rate_interval])) / sum by (${by}) (rate(${metric}_count[$__rate_interval]))`;

/** Alerts of rules and policies, and whether evaluating and telling them works. */
export const alerts: Board = {
  uid: 'pharos-alerts',
  title: 'Pharos / Alerts and policies',
  description: 'What fires and what is about to, how rules and policies are evaluated, and who was told.',
  variables: [
    labelVariable({ name: 'cluster', title: 'Cluster', of: 'ALERTS', several: true }),
    labelVariable({ name: 'namespace', title: 'Namespace', of: 'ALERTS{cluster=~"$cluster"}', several: true }),
    labelVariable({ name: 'severity', title: 'Severity', of: 'ALERTS{cluster=~"$cluster"}', several: true }),
  ],
  links: [
    { title: 'Fleet', uid: 'pharos-fleet' },
    { title: 'Pharos itself', uid: 'pharos-itself' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Firing',
          description: 'Alerts of rules and policies that fire now.',
          unit: UNIT.count,
          queries: [{ expr: `count(${firing}) or vector(0)` }],
          thresholds: { warn: 1, bad: 20 },
        }),
        stat({
          title: 'Pending',
          description: 'Alerts whose condition holds, but not yet for as long as it must.',
          unit: UNIT.count,
          queries: [{ expr: `count(${pending}) or vector(0)` }],
        }),
        stat({
          title: 'Policies',
          description: 'Alert policies that are evaluated, of the configuration, of Kubernetes and of the API.',
          unit: UNIT.count,
          queries: [{ expr: 'sum(pharos_policy_policies)' }],
        }),
        stat({
          title: 'Evaluations failed',
          description:
            'Rules and policies that could not be evaluated, in the time range. Their alerts stay as they were.',
          unit: UNIT.count,
          decimals: 0,
          queries: [
            {
              expr: `(${increase('pharos_rule_evaluation_failures_total')} or vector(0))
                + (${increase('pharos_policy_evaluation_failures_total')} or vector(0))`,
            },
          ],
          thresholds: { warn: 1, bad: 10 },
        }),
        stat({
          title: 'Notifications failed',
          description: 'Notifications that reached nobody after all attempts, in the time range.',
          unit: UNIT.count,
          decimals: 0,
          queries: [{ expr: `${increase('pharos_notifications_total{outcome!="delivered"}')} or vector(0)` }],
          thresholds: { bad: 1 },
        }),
        stat({
          title: 'Silences in force',
          description: 'Silences that keep alerts from being told now.',
          unit: UNIT.count,
          queries: [{ expr: 'sum(pharos_silences{state="active"})' }],
          thresholds: { warn: 1 },
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Alerts that fire',
          description: 'Each alert with its object, and since when its condition holds: the 200 that are newest.',
          none: 'none fire',
          labels: [
            { label: 'alertname', title: 'Alert', width: 220 },
            { label: 'severity', title: 'Severity', width: 100 },
            { label: 'cluster', title: 'Cluster', width: 120 },
            { label: 'namespace', title: 'Namespace' },
            { label: 'node', title: 'Node', link: toNode },
            { label: 'workload_kind', title: 'Kind' },
            { label: 'workload_name', title: 'Workload', link: toWorkload },
            { label: 'pod', title: 'Pod', link: toPod },
            { label: 'instance', title: 'Instance' },
          ],
          sortBy: 'Since',
          height: 10,
          values: [
            {
              title: 'Since',
              unit: UNIT.ago,
              expr: since,
            },
            { title: 'Alerts', unit: UNIT.count, expr: `count by (${OBJECT}) (${firing}) and on (${OBJECT}) ${since}` },
          ],
        }),
      ],
    },
    {
      panels: [
        graph({
          title: 'Firing by alert',
          description: 'How many objects each alert fires for: the twelve with most.',
          unit: UNIT.count,
          decimals: 0,
          stacked: true,
          none: 'none fire',
          queries: [{ expr: `topk(12, count by (alertname) (${firing}))`, legend: '{{alertname}}' }],
        }),
        graph({
          title: 'Firing by namespace',
          description: 'By the namespace of their objects: the twelve with most alerts.',
          unit: UNIT.count,
          decimals: 0,
          stacked: true,
          none: 'none fire',
          queries: [
            {
              expr: `topk(12, count by (namespace) (label_replace(${firing}, "namespace", "of no namespace", "namespace", "")))`,
              legend: '{{namespace}}',
            },
          ],
        }),
        graph({
          title: 'Pending by alert',
          description: 'What may fire soon: the twelve with most objects.',
          unit: UNIT.count,
          decimals: 0,
          stacked: true,
          none: 'none are pending',
          queries: [{ expr: `topk(12, count by (alertname) (${pending}))`, legend: '{{alertname}}' }],
        }),
      ],
    },
    {
      title: 'Rules',
      closed: true,
      panels: [
        graph({
          title: 'Time of groups, of their interval',
          description: 'Near 100 % a group cannot keep up and leaves evaluations out: the ten slowest.',
          unit: UNIT.percent,
          width: 6,
          queries: [
            {
              expr: 'topk(10, 100 * pharos_rule_group_last_duration_seconds / pharos_rule_group_interval_seconds)',
              legend: '{{rule_group}}',
            },
          ],
          thresholds: { warn: 50, bad: 90 },
        }),
        graph({
          title: 'Rules evaluated',
          description: 'Rules per second, by what became of them.',
          unit: UNIT.perSecond,
          width: 6,
          queries: [
            { expr: 'sum(rate(pharos_rule_evaluations_total[$__rate_interval]))', legend: 'evaluated' },
            { expr: orZero('sum(rate(pharos_rule_evaluation_failures_total[$__rate_interval]))'), legend: 'failed' },
          ],
        }),
        graph({
          title: 'Waiting for samples',
          description: 'How long an evaluation waits, on average, until the samples of its time have arrived.',
          unit: UNIT.seconds,
          width: 6,
          queries: [{ expr: average('pharos_rule_arrival_wait_seconds', 'instance'), legend: '{{instance}}' }],
        }),
        graph({
          title: 'Late and left out',
          description: 'Evaluations without all samples, and those left out because the one before took too long.',
          unit: UNIT.perSecond,
          width: 6,
          queries: [
            { expr: 'sum(rate(pharos_rule_arrivals_late_total[$__rate_interval]))', legend: 'late samples' },
            {
              expr: orZero('sum(rate(pharos_rule_group_iterations_missed_total[$__rate_interval]))'),
              legend: 'left out',
            },
          ],
        }),
      ],
    },
    {
      title: 'Policies',
      closed: true,
      panels: [
        graph({
          title: 'Objects that policies fire for',
          description: 'Alerts of policies that fire, before silences.',
          unit: UNIT.count,
          decimals: 0,
          queries: [{ expr: 'sum by (instance) (pharos_policy_alerts_firing)', legend: '{{instance}}' }],
        }),
        graph({
          title: 'Rounds of evaluation',
          description: 'Rounds of all policies that were due, and of these the ones that began without all samples.',
          unit: UNIT.perSecond,
          queries: [
            { expr: 'sum(rate(pharos_policy_rounds_total[$__rate_interval]))', legend: 'rounds' },
            { expr: 'sum(rate(pharos_policy_rounds_late_total[$__rate_interval]))', legend: 'late' },
          ],
        }),
        graph({
          title: 'Periods evaluated later',
          description: 'Periods of conditions that were caught up with after a pause, and those left out as too old.',
          unit: UNIT.perSecond,
          queries: [
            { expr: 'sum(rate(pharos_policy_periods_caught_up_total[$__rate_interval]))', legend: 'caught up' },
            { expr: 'sum(rate(pharos_policy_periods_missed_total[$__rate_interval]))', legend: 'left out' },
          ],
        }),
      ],
    },
    {
      title: 'Notifications',
      closed: true,
      panels: [
        graph({
          title: 'Notifications by outcome',
          description: 'Notifications per second by receiver, after all attempts.',
          none: 'none yet',
          unit: UNIT.perSecond,
          queries: [
            { expr: perSecond('pharos_notifications_total', 'receiver, outcome'), legend: '{{receiver}}: {{outcome}}' },
          ],
        }),
        graph({
          title: 'Time of an attempt',
          description: 'On average, by receiver.',
          none: 'none yet',
          unit: UNIT.seconds,
          queries: [
            { expr: average('pharos_notification_attempt_duration_seconds', 'receiver'), legend: '{{receiver}}' },
          ],
        }),
        graph({
          title: 'Alerts not told',
          description: 'Left out because of inhibition, a time interval or a silence, by reason.',
          none: 'none yet',
          unit: UNIT.perSecond,
          queries: [{ expr: perSecond('pharos_notifications_suppressed_total', 'reason'), legend: '{{reason}}' }],
        }),
        graph({
          title: 'Alerts kept to be told',
          description: 'Alerts that are kept in memory, and the groups they are told in.',
          unit: UNIT.count,
          decimals: 0,
          queries: [
            { expr: 'sum(pharos_notify_alerts)', legend: 'alerts' },
            { expr: 'sum(pharos_notify_groups)', legend: 'groups' },
          ],
        }),
        graph({
          title: 'Silences by state',
          description: 'Silences that are in force, begin later or have ended.',
          unit: UNIT.count,
          decimals: 0,
          queries: [{ expr: 'sum by (state) (pharos_silences)', legend: '{{state}}' }],
        }),
        graph({
          title: 'Notification log',
          description:
            'Notifications that are not in the log yet, and failures to write it. After a crash what is not there may be told twice.',
          unit: UNIT.count,
          queries: [
            { expr: 'sum(pharos_notification_log_pending)', legend: 'pending' },
            { expr: 'sum(increase(pharos_notification_log_failures_total[$__rate_interval]))', legend: 'failures' },
          ],
        }),
      ],
    },
  ],
};
