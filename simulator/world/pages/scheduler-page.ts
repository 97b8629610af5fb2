import { type ComponentOptions, writeOwnProcess } from './component.ts';
import { exponential, writeHistogram } from './histogram.ts';
import type { PageWriter } from './page-writer.ts';
import { writeClient, writeWorkqueues } from './process-families.ts';

/** The page of a kube-scheduler, with what the simulated one really did; the first one leads. */
export function writeScheduler(writer: PageWriter, options: ComponentOptions): void {
  const { container, now, scheduled, unschedulable, pending } = options;
  const since = container.startedAt;
  // One of the three leads; the others wait.
  const leads = container.pod.machine.number === 1;
  const [good, bad] = leads ? [scheduled, unschedulable] : [0, 0];
  const histogram = (name: string, help: string, series: readonly (readonly [string, number, number])[]) => {
    writer.family(name, 'histogram', `[STABLE] ${help}`);
    for (const [labels, count, median] of series)
      writeHistogram(writer, name, { labels, bounds: exponential(0.001, 2, 15), count, median });
  };
  histogram(
    'scheduler_scheduling_attempt_duration_seconds',
    'Scheduling attempt latency in seconds (scheduling algorithm + binding)',
    [
      ['profile="default-scheduler",result="scheduled"', good, 0.004],
      ['profile="default-scheduler",result="unschedulable"', bad, 0.002],
    ],
  );
  histogram('scheduler_scheduling_algorithm_duration_seconds', 'Scheduling algorithm latency in seconds', [
    ['', good + bad, 0.0015],
  ]);
  histogram(
    'scheduler_pod_scheduling_sli_duration_seconds',
    'E2e latency for a pod being scheduled, from the time the pod enters the scheduling queue.',
    [['attempts="1"', good, 0.006]],
  );
  histogram('scheduler_volume_scheduling_duration_seconds', 'Volume scheduling stage latency', [
    ['operation="binding"', Math.floor(good / 20), 0.003],
  ]);
  writer.family(
    'scheduler_schedule_attempts_total',
    'counter',
    '[STABLE] Number of attempts to schedule pods, by the result.',
  );
  writer.sample('scheduler_schedule_attempts_total{profile="default-scheduler",result="scheduled"}', good);
  writer.sample('scheduler_schedule_attempts_total{profile="default-scheduler",result="unschedulable"}', bad);
  writer.family('scheduler_pending_pods', 'gauge', '[STABLE] Number of pending pods, by the queue type.');
  for (const queue of ['active', 'backoff', 'gated', 'unschedulable'])
    writer.sample(`scheduler_pending_pods{queue="${queue}"}`, queue === 'unschedulable' && leads ? pending : 0);
  writeWorkqueues(writer, {
    since,
    now,
    key: container.id,
    queues: { DynamicConfigMapCABundle: 0.01, DynamicServingCertificateController: 0.02 },
  });
  writeClient(writer, { since, now, key: container.id, rate: leads ? 6 : 1 });
  writeOwnProcess(writer, options, 260);
}
