import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The policy engine's own metrics. */
export type PolicyMetrics = ReturnType<typeof createPolicyMetrics>;

/** Registers them; call once per registry. */
export function createPolicyMetrics(registry: Registry) {
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name: `pharos_policy_${name}`, help, registers });
  const gauge = (name: string, help: string) => new Gauge({ name: `pharos_policy_${name}`, help, registers });
  return {
    rounds: counter('rounds_total', 'Rounds of evaluation of all policies that were due.'),
    late: counter('rounds_late_total', 'Rounds that began although not everything had arrived.'),
    failures: counter('evaluation_failures_total', 'Policies that could not be evaluated in a round.'),
    caughtUp: counter(
      'periods_caught_up_total',
      'Periods of conditions that were evaluated later than in their own round.',
    ),
    missed: counter('periods_missed_total', 'Periods of conditions that were left out because they were too long ago.'),
    reads: counter('reads_total', 'Requests for the samples of a metric.'),
    templateFailures: counter(
      'template_expansion_failures_total',
      'Texts of alerts whose template could not be expanded.',
    ),
    policies: gauge('policies', 'Policies that are evaluated.'),
    alerts: gauge('alerts_firing', 'Alerts of policies that fire.'),
    duration: new Histogram({
      name: 'pharos_policy_round_duration_seconds',
      help: 'How long a round of evaluation took.',
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
  };
}
