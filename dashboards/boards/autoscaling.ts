import type { Board } from '../parts/board.ts';
import { graph } from '../parts/graph-panel.ts';
import { type BoardLink, cell, ofSeries } from '../parts/links.ts';
import { stat } from '../parts/stat-panel.ts';
import { table } from '../parts/table-panel.ts';
import { UNIT } from '../parts/unit.ts';
import { clusterVariable, labelVariable, namespaceVariable } from '../parts/variables.ts';

const CHOSEN = 'cluster="$cluster", namespace=~"$namespace", horizontalpodautoscaler=~"$autoscaler"';
const LEGEND = '{{namespace}}/{{horizontalpodautoscaler}}';
const current = `kube_horizontalpodautoscaler_status_current_replicas{${CHOSEN}}`;
const desired = `kube_horizontalpodautoscaler_status_desired_replicas{${CHOSEN}}`;
const least = `kube_horizontalpodautoscaler_spec_min_replicas{${CHOSEN}}`;
const most = `kube_horizontalpodautoscaler_spec_max_replicas{${CHOSEN}}`;
const value = `kube_horizontalpodautoscaler_status_target_metric{${CHOSEN}}`;
const target = `kube_horizontalpodautoscaler_spec_target_metric{${CHOSEN}}`;
const OF_TARGET = `100 * ${value} / ${target}`;

/** The autoscalers that tables show: the hundred that are nearest to their maximum. */
const shown = `and on (namespace, horizontalpodautoscaler) topk(100, ${current} / ${most})`;

/** The expression with the labels of what the autoscaler scales. */
const scaled = (expr: string): string =>
  `sum by (namespace, horizontalpodautoscaler, scaletargetref_kind, scaletargetref_name) (${expr}
    * on (cluster, namespace, horizontalpodautoscaler) group_left (scaletargetref_kind, scaletargetref_name)
    kube_horizontalpodautoscaler_info{${CHOSEN}} ${shown})`;
const byMetric = (expr: string): string =>
  `sum by (namespace, horizontalpodautoscaler, metric_name, metric_target_type) (${expr} ${shown})`;
const condition = (name: string, status: string): string =>
  `kube_horizontalpodautoscaler_status_condition{${CHOSEN}, condition="${name}", status="${status}"} == 1`;

const toWorkload: BoardLink = {
  title: 'Workload',
  uid: 'pharos-workload',
  variables: {
    cluster: '$cluster',
    namespace: cell('namespace'),
    workload: cell('scaletargetref_name'),
    kind: cell('scaletargetref_kind'),
  },
};
const toAutoscaler = (pick: (label: string) => string): BoardLink => ({
  title: 'Only this autoscaler',
  uid: 'pharos-autoscaling',
  variables: { cluster: '$cluster', namespace: pick('namespace'), autoscaler: pick('horizontalpodautoscaler') },
});
const links = [toAutoscaler(ofSeries)];

/** Horizontal pod autoscalers: what they see, what they decide, and what they are served. */
export const autoscaling: Board = {
  uid: 'pharos-autoscaling',
  title: 'Pharos / Autoscaling',
  description:
    'Horizontal pod autoscalers: metric, target and replicas; who is at the limit or blind; what Pharos serves them.',
  variables: [
    clusterVariable(),
    namespaceVariable({ several: true }),
    labelVariable({
      name: 'autoscaler',
      title: 'Autoscaler',
      label: 'horizontalpodautoscaler',
      of: 'kube_horizontalpodautoscaler_info{cluster="$cluster", namespace=~"$namespace"}',
      several: true,
    }),
  ],
  links: [
    { title: 'Workloads', uid: 'pharos-workloads' },
    { title: 'Cost and waste', uid: 'pharos-cost' },
    { title: 'Pharos itself', uid: 'pharos-itself' },
  ],
  rows: [
    {
      panels: [
        stat({
          title: 'Autoscalers',
          description: 'Horizontal pod autoscalers that there are.',
          unit: UNIT.count,
          queries: [{ expr: `count(${current})` }],
        }),
        stat({
          title: 'At their maximum',
          description: 'Autoscalers that have as many replicas as they may: load that rises further is not answered.',
          unit: UNIT.count,
          queries: [{ expr: `count(${current} >= ${most}) or vector(0)` }],
          thresholds: { warn: 1, bad: 10 },
        }),
        stat({
          title: 'Without metrics',
          description:
            'Autoscalers that cannot read their metrics (ScalingActive is false). They leave replicas as they are.',
          unit: UNIT.count,
          queries: [{ expr: `count(${condition('ScalingActive', 'false')}) or vector(0)` }],
          thresholds: { bad: 1 },
        }),
        stat({
          title: 'Cannot scale',
          description: 'Autoscalers that cannot change their workload (AbleToScale is false).',
          unit: UNIT.count,
          queries: [{ expr: `count(${condition('AbleToScale', 'false')}) or vector(0)` }],
          thresholds: { bad: 1 },
        }),
        stat({
          title: 'Scaling now',
          description: 'Autoscalers that want another number of replicas than there are.',
          unit: UNIT.count,
          queries: [{ expr: `count(${current} != ${desired}) or vector(0)` }],
        }),
        stat({
          title: 'Replicas',
          description: 'Replicas of all workloads that are scaled.',
          unit: UNIT.count,
          queries: [{ expr: `sum(${current})` }],
        }),
      ],
    },
    {
      panels: [
        graph({
          title: 'Replicas by autoscaler',
          description: 'Replicas that there are: the twelve autoscalers with most.',
          unit: UNIT.count,
          decimals: 0,
          queries: [{ expr: `topk(12, ${current})`, legend: LEGEND }],
          links,
        }),
        graph({
          title: 'Value, of the target',
          description:
            'What autoscalers see, of what they aim at: above 110 % they add replicas, below 90 % they take some away.',
          unit: UNIT.percent,
          queries: [{ expr: `topk(12, ${OF_TARGET})`, legend: `${LEGEND} {{metric_name}}` }],
          links,
          thresholds: { warn: 110 },
        }),
        graph({
          title: 'Replicas, of the maximum',
          description: 'At 100 % an autoscaler can add no more.',
          unit: UNIT.percent,
          max: 100,
          queries: [{ expr: `topk(12, 100 * ${current} / ${most})`, legend: LEGEND }],
          links,
          thresholds: { warn: 80, bad: 100 },
        }),
      ],
    },
    {
      panels: [
        table({
          title: 'Autoscalers and replicas',
          description:
            'Replicas that there are and that are wanted, between the limits: the hundred nearest to their maximum.',
          labels: [
            { label: 'namespace', title: 'Namespace' },
            { label: 'horizontalpodautoscaler', title: 'Autoscaler', link: toAutoscaler(cell) },
            { label: 'scaletargetref_kind', title: 'Kind' },
            { label: 'scaletargetref_name', title: 'Workload', link: toWorkload },
          ],
          sortBy: 'Of the maximum',
          width: 13,
          height: 10,
          values: [
            { title: 'Current', unit: UNIT.count, expr: scaled(current) },
            { title: 'Wanted', unit: UNIT.count, expr: scaled(desired) },
            { title: 'Least', unit: UNIT.count, expr: scaled(least) },
            { title: 'Most', unit: UNIT.count, expr: scaled(most) },
            {
              title: 'Of the maximum',
              unit: UNIT.percent,
              decimals: 0,
              expr: scaled(`(100 * ${current} / ${most})`),
              thresholds: { warn: 80, bad: 100 },
            },
          ],
        }),
        table({
          title: 'Metrics and targets',
          description:
            'What each autoscaler reads and aims at. Utilization is in percent of requests; other values have the unit of their metric.',
          labels: [
            { label: 'namespace', title: 'Namespace' },
            { label: 'horizontalpodautoscaler', title: 'Autoscaler', link: toAutoscaler(cell) },
            { label: 'metric_name', title: 'Metric' },
            { label: 'metric_target_type', title: 'Kind of target' },
          ],
          sortBy: 'Of the target',
          width: 11,
          height: 10,
          values: [
            { title: 'Value', unit: UNIT.plain, decimals: 1, expr: byMetric(`${value} and ${target}`) },
            { title: 'Target', unit: UNIT.plain, decimals: 1, expr: byMetric(target) },
            {
              title: 'Of the target',
              unit: UNIT.percent,
              decimals: 0,
              expr: byMetric(OF_TARGET),
              thresholds: { warn: 110, bad: 150 },
            },
          ],
        }),
      ],
    },
    {
      title: 'What Pharos serves autoscalers, of all clusters',
      closed: true,
      panels: [
        graph({
          title: 'Answers by outcome',
          description:
            'Answers to questions for named metrics. Errors are on purpose where a value would be too old or in doubt.',
          unit: UNIT.perSecond,
          queries: [
            {
              expr: 'sum by (api, outcome) (rate(pharos_autoscaling_answers_total[$__rate_interval]))',
              legend: '{{api}}: {{outcome}}',
            },
          ],
        }),
        graph({
          title: 'Objects left out',
          description: 'Objects that were asked for and have no value that may be served, by reason.',
          unit: UNIT.perSecond,
          queries: [
            {
              expr: 'sum by (reason) (rate(pharos_autoscaling_omitted_total[$__rate_interval]))',
              legend: '{{reason}}',
            },
          ],
        }),
        graph({
          title: 'Age of the newest value',
          description: 'Of each named metric. Values older than 90 s, if not configured otherwise, are not served.',
          unit: UNIT.seconds,
          queries: [
            {
              expr: 'topk(12, max by (api, metric) (pharos_autoscaling_newest_age_seconds))',
              legend: '{{metric}} ({{api}})',
            },
          ],
          thresholds: { warn: 60, bad: 90 },
        }),
        graph({
          title: 'Requests to the metrics APIs',
          description: 'By API and status code. 404 is the answer for pods that have no value yet.',
          unit: UNIT.requestsPerSecond,
          queries: [
            {
              expr: 'sum by (api, code) (rate(pharos_metrics_apis_requests_total[$__rate_interval]))',
              legend: '{{api}}: {{code}}',
            },
          ],
        }),
        graph({
          title: 'Time of an answer',
          description: 'On average, with authentication and authorization.',
          unit: UNIT.seconds,
          queries: [
            {
              expr: `sum by (api) (rate(pharos_metrics_apis_request_duration_seconds_sum[$__rate_interval]))
                / sum by (api) (rate(pharos_metrics_apis_request_duration_seconds_count[$__rate_interval]))`,
              legend: '{{api}}',
            },
          ],
        }),
        graph({
          title: 'Evaluations of metrics',
          description:
            'Evaluations for autoscalers, those that failed, and values that were held back while they are in doubt.',
          unit: UNIT.perSecond,
          queries: [
            { expr: 'sum(rate(pharos_autoscaling_evaluations_total[$__rate_interval]))', legend: 'evaluations' },
            { expr: 'sum(rate(pharos_autoscaling_evaluation_failures_total[$__rate_interval]))', legend: 'failed' },
            { expr: 'sum(rate(pharos_autoscaling_held_values_total[$__rate_interval]))', legend: 'held values' },
          ],
        }),
      ],
    },
  ],
};
