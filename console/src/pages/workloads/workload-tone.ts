import { statusTone, type Tone } from '../../app/status-tone.ts';

const BAD: ReadonlySet<string> = new Set(['Unavailable', 'Failed']);

/** What a workload's status is to the one who has to act on it: bad when nothing of it works, a warning when a part does not. */
export function workloadTone({ status, abnormal }: { readonly status: string; readonly abnormal: boolean }): Tone {
  if (BAD.has(status)) return 'bad';
  return abnormal ? 'warning' : statusTone(status);
}
