import { Alert, Text } from '@mantine/core';
import { plural } from '../../app/plural.ts';
import type { EvaluationFault } from './rule-evaluation.ts';

/** Says that rules are not evaluated, and why; nothing while all are. */
export function EvaluationNote({ fault }: { readonly fault: EvaluationFault | undefined }) {
  if (fault === undefined) return null;
  const { rules, of, text } = fault;
  const which = rules === of ? 'The rules are' : `${rules} of ${plural(of, 'rule')} are`;
  return (
    <Alert color="yellow" role="status" p="xs" mb="sm">
      <Text fw={600}>{which} not evaluated</Text>
      {text}
    </Alert>
  );
}
