import { plural } from '../../app/plural.ts';
import { meaningOfReason } from '../pods/reasons.ts';

/** What is not about its pods. */
const MEANINGS: Readonly<Record<string, string>> = {
  'its rollout is past its deadline': 'Its rollout makes no progress, and the deadline for it is over.',
  'pods cannot be created': 'Pods cannot be created: the events say who refuses them, a quota or an admission webhook.',
};

/**
 * What is wrong with a workload, as the inventory says it, in sentences for people.
 *
 *     CrashLoopBackOff (2 pods); 1 pod is missing
 *     ['2 pods: CrashLoopBackOff. A container ends again and again, …', '1 pod is missing.']
 */
export function workloadReasons(problem: string): readonly string[] {
  return problem
    .split('; ')
    .filter((part) => part !== '')
    .map((part) => {
      const [, word, count] = /^(\S+) \((\d+) pods?\)$/.exec(part) ?? [];
      if (word === undefined) return MEANINGS[part] ?? `${part[0]!.toUpperCase()}${part.slice(1)}.`;
      const meaning = meaningOfReason(word);
      return `${plural(Number(count), 'pod')}: ${word}.${meaning === undefined ? '' : ` ${meaning}`}`;
    });
}
