import type { Autoscaler, ScalingDecision } from './autoscaler.ts';
import { decidedText } from './metric-text.ts';

const WORDS: Readonly<Record<string, string>> = {
  TooManyReplicas: 'more is wanted than is allowed',
  TooFewReplicas: 'held at the least',
  ScaleUpLimit: 'grows as fast as its policy allows',
  ScaleDownLimit: 'shrinks as fast as its policy allows',
};

/** What keeps an autoscaler from the replicas that its metrics ask for, in words; '' when nothing does. */
export function scalingLimit({ conditions }: Pick<Autoscaler, 'conditions'>): string {
  const limited = conditions.find(({ type, status }) => type === 'ScalingLimited' && status === 'True');
  return limited === undefined ? '' : (WORDS[limited.reason] ?? limited.message);
}

/** What a decision was made on, in words: why it was limited, and the metrics beside their targets. */
export function decisionText({ limit, metrics }: Pick<ScalingDecision, 'limit' | 'metrics'>): string {
  return [WORDS[limit] ?? limit, ...metrics.map(decidedText)].filter((text) => text !== '').join(', ');
}
