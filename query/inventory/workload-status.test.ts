import { describe, expect, it } from 'vitest';
import { podProblem, type WorkloadCondition, workloadStatus } from './workload-status.ts';

const CALM: WorkloadCondition = {
  kind: 'Deployment',
  ready: 4,
  desired: 4,
  updated: 4,
  starting: 0,
  problems: new Map(),
  rollout: { isUnseen: false, isPaused: false, isOverdue: false, isRefused: false },
  run: undefined,
};

/** Status and problem, with an exclamation mark where it is abnormal. */
function told(change: Partial<WorkloadCondition>): string {
  const { status, abnormal, problem } = workloadStatus({ ...CALM, ...change });
  return `${status}${abnormal ? '!' : ''} ${problem}`.trim();
}

describe('the status of a workload', () => {
  it('tells a rollout that goes on from one that cannot', () => {
    const rolling = { updated: 1, ready: 3, starting: 1 };
    expect(told(rolling)).toBe('Rolling out');
    expect(told({ ...rolling, starting: 0, problems: new Map([['ImagePullBackOff', 1]]) })).toBe(
      'Degraded! ImagePullBackOff (1 pod)',
    );
    expect(told({ ...rolling, rollout: { ...CALM.rollout, isOverdue: true } })).toBe(
      'Degraded! its rollout is past its deadline',
    );
    expect(told({ rollout: { ...CALM.rollout, isUnseen: true } })).toBe('Rolling out');
  });

  it('names all that is wrong, the most frequent first, and whether anything is left', () => {
    const problems = new Map([
      ['Unschedulable', 1],
      ['CrashLoopBackOff', 3],
    ]);
    expect(told({ ready: 0, problems })).toBe('Unavailable! CrashLoopBackOff (3 pods); Unschedulable (1 pod)');
    expect(told({ ready: 2, rollout: { ...CALM.rollout, isRefused: true } })).toMatch(
      /^Degraded! pods cannot be created/,
    );
    expect(told({ ready: 3 })).toBe('Degraded! 1 pod is missing');
  });

  it('takes starting, paused and no pods at all for nothing wrong', () => {
    expect(told({ ready: 2, starting: 2 })).toBe('Starting');
    expect(told({ ready: 0, desired: 0, updated: 0 })).toBe('Stopped');
    expect(told({ updated: 0, rollout: { ...CALM.rollout, isPaused: true } })).toBe('Paused');
    expect(told({})).toBe('Ready');
  });

  it('forgets what failed before a Job was done', () => {
    const job = { kind: 'Job', ready: 0, desired: 1, updated: undefined, problems: new Map([['Error', 2]]) };
    const run = { active: 1, failed: false, suspended: false };
    expect(told({ ...job, run })).toBe('Running! Error (2 pods)');
    expect(told({ ...job, run, ready: 1 })).toBe('Complete');
    expect(told({ ...job, run: { ...run, failed: true } })).toBe('Failed! Error (2 pods)');
    expect(told({ ...job, kind: 'CronJob', problems: new Map(), run })).toBe('Active');
    expect(told({ ...job, run: { ...run, suspended: true } })).toBe('Suspended');
  });
});

it('a pod that runs and should be ready has a word for it', () => {
  const pod = { status: 'Running', abnormal: true, unschedulable: false } as Parameters<typeof podProblem>[0];
  expect(podProblem(pod)).toBe('NotReady');
  expect(podProblem({ ...pod, status: 'Pending', unschedulable: true })).toBe('Unschedulable');
  expect(podProblem({ ...pod, abnormal: false })).toBe('');
});
