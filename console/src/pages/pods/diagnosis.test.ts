import { describe, expect, it } from 'vitest';
import type { InstantSample } from '../../api/query-instant.ts';
import { diagnose, exitCodeText } from './diagnosis.ts';
import { runningPod, sampleOfPod } from './pod-facts.case.ts';
import { podFacts, RESTARTS_LATELY } from './pod-facts.ts';

const of = (samples: readonly InstantSample[]) => diagnose(podFacts(samples)!);

describe('diagnose', () => {
  it('has nothing to say of a pod that is well', () => {
    expect(of(runningPod(true))).toEqual({ status: 'Running', tone: 'good', reasons: [] });
  });

  it('says why a container crashes: how often, with which exit code', () => {
    const crashing = [
      ...runningPod(false),
      sampleOfPod('kube_pod_container_status_waiting_reason', { container: 'app', reason: 'CrashLoopBackOff' }),
      sampleOfPod('kube_pod_container_status_running', { container: 'app', value: 0 }),
      sampleOfPod('kube_pod_container_status_restarts_total', { container: 'app', value: 7 }),
      sampleOfPod('kube_pod_container_status_last_terminated_reason', { container: 'app', reason: 'Error' }),
      sampleOfPod('kube_pod_container_status_last_terminated_exitcode', { container: 'app', value: 127 }),
    ];
    expect(of(crashing)).toEqual({
      status: 'CrashLoopBackOff',
      tone: 'bad',
      reasons: [
        'Container app ends again and again, so the kubelet waits longer before each restart (CrashLoopBackOff). ' +
          'It has been restarted 7 times, the last time after Error, exit code 127 (the command was not found).',
      ],
    });
  });

  it('tells of memory that ran out even when the pod is well again', () => {
    const again = [
      ...runningPod(true),
      sampleOfPod('kube_pod_container_status_running', { container: 'app' }),
      sampleOfPod('kube_pod_container_status_restarts_total', { container: 'app' }),
      sampleOfPod('kube_pod_container_status_last_terminated_reason', { container: 'app', reason: 'OOMKilled' }),
      sampleOfPod('kube_pod_container_status_last_terminated_exitcode', { container: 'app', value: 137 }),
    ];
    const { status, reasons } = of(again);
    expect(status).toBe('Running');
    expect(reasons).toEqual([
      'Container app has been restarted once, the last time after it needed more memory than its limit ' +
        '(OOMKilled, exit code 137: killed, SIGKILL).',
    ]);
  });

  it('distinguishes what waits for a node, for an image and for an init container', () => {
    const pending = [
      sampleOfPod('kube_pod_status_phase', { phase: 'Pending' }),
      sampleOfPod('kube_pod_status_unschedulable'),
    ];
    expect(of(pending).reasons[0]).toMatch(/^No node has taken it/);
    const waits = (name: string, reason: string) => [
      ...runningPod(false),
      sampleOfPod(`kube_pod_${name}_status_waiting_reason`, { container: 'app', reason }),
    ];
    expect(of(waits('container', 'ImagePullBackOff'))).toMatchObject({ status: 'ImagePullBackOff', tone: 'bad' });
    expect(of(waits('container', 'ContainerCreating'))).toMatchObject({ status: 'ContainerCreating', tone: 'busy' });
    expect(of(waits('init_container', 'CrashLoopBackOff')).status).toBe('Init:CrashLoopBackOff');
  });

  it('names the containers that are not ready', () => {
    const unready = [
      ...runningPod(false),
      sampleOfPod('kube_pod_container_status_ready', { container: 'app', value: 0 }),
      sampleOfPod('kube_pod_container_status_running', { container: 'app' }),
    ];
    expect(of(unready)).toEqual({
      status: 'Not ready',
      tone: 'bad',
      reasons: ['It runs and gets no traffic: app does not pass the readiness probe.'],
    });
  });

  it('does not blame the probe of a container that has just crashed again', () => {
    const again = [
      ...runningPod(false),
      sampleOfPod('kube_pod_container_status_ready', { container: 'app', value: 0 }),
      sampleOfPod('kube_pod_container_status_running', { container: 'app' }),
      sampleOfPod('kube_pod_container_status_restarts_total', { container: 'app', value: 4 }),
      sampleOfPod(RESTARTS_LATELY, { container: 'app', value: 4 }),
      sampleOfPod('kube_pod_container_status_last_terminated_reason', { container: 'app', reason: 'Error' }),
      sampleOfPod('kube_pod_container_status_last_terminated_exitcode', { container: 'app', value: 1 }),
    ];
    expect(of(again)).toEqual({
      status: 'Not ready',
      tone: 'bad',
      reasons: [
        'It runs for now and gets no traffic: app is not ready since the last restart.',
        'Container app has been restarted 4 times in the last half hour, the last time after Error, exit code 1.',
      ],
    });
  });

  it('says why a pod was ended', () => {
    const evicted = [
      sampleOfPod('kube_pod_status_phase', { phase: 'Failed' }),
      sampleOfPod('kube_pod_status_reason', { reason: 'Evicted' }),
    ];
    expect(of(evicted)).toMatchObject({ status: 'Evicted', tone: 'bad' });
  });
});

describe('podFacts', () => {
  it('keeps to the newest of two pods of one name', () => {
    const older = runningPod(false).map(({ labels, value }) => ({
      labels: { ...labels, uid: 'u0' },
      value: labels.__name__ === 'kube_pod_created' ? 50 : value,
    }));
    const facts = podFacts([...older, ...runningPod(true)])!;
    expect(facts).toMatchObject({ isReady: true, created: 100, node: 'n1', ownerKind: 'ReplicaSet' });
    expect(facts.containers).toHaveLength(1);
    expect(facts.containers[0]).toMatchObject({ name: 'app', image: 'cart:1', memoryLimit: 1024, cpuLimit: undefined });
  });

  it('takes it that init containers are done when the pod runs, and sidecars are not', () => {
    const info = (container: string, restart_policy: string) =>
      sampleOfPod('kube_pod_init_container_info', { container, restart_policy });
    const facts = podFacts([...runningPod(true), info('migrate', ''), info('proxy', 'Always')])!;
    expect(facts.containers.map(({ name, state, reason }) => [name, state, reason])).toEqual([
      ['migrate', 'terminated', 'Completed'],
      ['proxy', 'running', undefined],
      ['app', 'unknown', undefined],
    ]);
  });

  it('knows nothing of a pod without samples', () => expect(podFacts([])).toBeUndefined());
});

it('exit codes of signals have their names', () => {
  expect([137, 150, 3].map(exitCodeText)).toEqual(['137 (killed, SIGKILL)', '150 (killed by signal 22)', '3']);
});
