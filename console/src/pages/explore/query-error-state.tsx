import { useEffect } from 'react';
import { ErrorState } from '../../app/error-state.tsx';
import { type QueryProblem, queryProblem } from './query-error.ts';

/** Why a query has no answer; hands on where in the query that is. */
export function QueryErrorState({
  expr,
  error,
  onProblem,
  onRetry,
}: {
  readonly expr: string;
  readonly error: Error;
  readonly onProblem: (problem: QueryProblem | undefined) => void;
  readonly onRetry: () => void;
}) {
  const { message } = error;
  useEffect(() => {
    onProblem(queryProblem(message, expr));
    return () => onProblem(undefined);
  }, [message, expr, onProblem]);
  return <ErrorState title="The query failed" error={error} onRetry={onRetry} />;
}
