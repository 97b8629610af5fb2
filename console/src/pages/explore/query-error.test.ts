import { expect, test } from 'vitest';
import { queryProblem } from './query-error.ts';

test('a position in the message is one in the query', () => {
  const message = 'invalid parameter "query": 1:6: parse error: expected type range vector, got instant vector';
  expect(queryProblem(message, 'rate(up)')).toEqual({
    message: 'expected type range vector, got instant vector',
    at: { from: 5, to: 7 },
  });
});

test('positions on later lines, and at the end', () => {
  expect(queryProblem('2:3: parse error: unexpected x', 'up\n+ x').at).toEqual({ from: 5, to: 6 });
  expect(queryProblem('1:19: parse error: unclosed left parenthesis', 'foo and topk(1,bar').at).toEqual({
    from: 17,
    to: 18,
  });
});

test('messages without one, or with one that is not in the query', () => {
  expect(queryProblem('query timed out', 'up')).toEqual({ message: 'query timed out', at: undefined });
  expect(queryProblem('9:1: parse error: what', 'up').at).toBeUndefined();
});
