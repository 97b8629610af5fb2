import type { Autoscaler, ScalingDecision } from './autoscaler.ts';

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

/** What a decision was made on, in words: why it was limited, and the metrics with plain numbers (`35185m/70` is `35.19/70`). */
export function decisionText({ limit, metrics }: Pick<ScalingDecision, 'limit' | 'metrics'>): string {
  const plain = metrics.map((text) =>
    text.replace(/\b(\d+)m(?=\/|$)/g, (_, thousandths) => String(Number((Number(thousandths) / 1000).toPrecision(4)))),
  );
  return [WORDS[limit] ?? limit, ...plain].filter((text) => text !== '').join(', ');
}
