import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { MetricRun } from './metric-run.ts';

/** The metrics of what answers autoscalers' questions. */
export type AnswerMetrics = ReturnType<typeof createAnswerMetrics>;

/** Metrics whose newest age is told. */
const MOST_AGES = 200;

/** Registers them; call once per registry. `runs` gives what is evaluated now. */
export function createAnswerMetrics(registry: Registry, runs: () => Iterable<MetricRun>) {
  const registers = [registry];
  const name = (rest: string) => `pharos_autoscaling_${rest}`;
  const counter = <L extends string>(rest: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: name(rest), help, labelNames, registers });
  new Gauge({
    name: name('metrics_evaluated'),
    help: 'Metrics that are evaluated, those with different selectors counted apart.',
    registers,
    collect() {
      this.set([...runs()].length);
    },
  });
  new Gauge({
    name: name('rows'),
    help: 'Rows of all evaluations that are in memory.',
    registers,
    collect() {
      let rows = 0;
      for (const run of runs()) rows += run.rows;
      this.set(rows);
    },
  });
  new Gauge({
    name: name('bytes'),
    help: 'Memory that the values and indices of all evaluations take, labels left out.',
    registers,
    collect() {
      let bytes = 0;
      for (const run of runs()) bytes += run.byteLength;
      this.set(bytes);
    },
  });
  new Gauge({
    name: name('newest_age_seconds'),
    help: `Age of the newest value of a metric, of ${MOST_AGES} metrics at most.`,
    labelNames: ['api', 'metric'],
    registers,
    collect() {
      this.reset();
      const told = new Map<string, number>();
      for (const run of runs()) {
        if (Number.isNaN(run.newest)) continue;
        const { api, name: metric } = run.metric;
        const key = `${api}/${metric}`;
        if (!told.has(key) && told.size >= MOST_AGES) continue;
        const age = Math.min(run.age(run.newest) / 1000, told.get(key) ?? Number.POSITIVE_INFINITY);
        told.set(key, age);
        this.set({ api, metric }, age);
      }
    },
  });
  return {
    evaluations: counter('evaluations_total', 'Evaluations of metrics that autoscalers ask for.'),
    failures: counter('evaluation_failures_total', 'Evaluations of metrics that failed.'),
    seconds: new Histogram({
      name: name('evaluation_duration_seconds'),
      help: 'How long an evaluation of a metric took.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    answers: counter('answers_total', 'Answers, by what became of the question.', ['api', 'outcome']),
    held: counter(
      'held_values_total',
      'Values in answers that are older than they should be, or in place of one that is in doubt.',
    ),
    omitted: counter('omitted_total', 'Objects that were asked for and have no value that may be served, by reason.', [
      'reason',
    ]),
  };
}
