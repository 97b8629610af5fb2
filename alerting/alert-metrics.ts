import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The alert engine's own metrics. */
export type AlertMetrics = ReturnType<typeof createAlertMetrics>;

/** Registers them; call once per registry. */
export function createAlertMetrics(registry: Registry) {
  const registers = [registry];
  const labelNames = ['rule_group'] as const;
  const counter = (name: string, help: string) =>
    new Counter({ name: `pharos_rule_${name}`, help, labelNames, registers });
  return {
    evaluations: counter('evaluations_total', 'Rules that were evaluated.'),
    failures: counter('evaluation_failures_total', 'Rules whose evaluation failed.'),
    iterations: counter('group_iterations_total', 'Evaluations of groups.'),
    missed: counter(
      'group_iterations_missed_total',
      'Evaluations of groups left out because the one before took too long.',
    ),
    arrivals: new Histogram({
      name: 'pharos_rule_arrival_wait_seconds',
      help: 'How long evaluations waited for the samples that were due.',
      buckets: [0.001, 0.01, 0.1, 0.3, 1, 2, 3, 5, 10, 30],
      registers,
    }),
    late: new Counter({
      name: 'pharos_rule_arrivals_late_total',
      help: 'Evaluations that began without samples that were due, because their time to arrive was over.',
      registers,
    }),
    templateFailures: new Counter({
      name: 'pharos_template_expansion_failures_total',
      help: 'Labels and annotations of alerts whose template could not be expanded.',
      registers,
    }),
    duration: new Gauge({
      name: 'pharos_rule_group_last_duration_seconds',
      help: 'How long the last evaluation of the group took.',
      labelNames,
      registers,
    }),
    interval: new Gauge({
      name: 'pharos_rule_group_interval_seconds',
      help: 'How often the group is evaluated.',
      labelNames,
      registers,
    }),
  };
}
