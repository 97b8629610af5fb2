import { expect, test } from 'vitest';
import { workloadReasons } from './workload-problem.ts';

test('what is wrong is told in sentences', () => {
  expect(workloadReasons('')).toEqual([]);
  expect(workloadReasons('ErrImagePull (1 pod); Odd (2 pods); 3 pods are missing')).toEqual([
    '1 pod: ErrImagePull. The image of a container cannot be pulled.',
    '2 pods: Odd.',
    '3 pods are missing.',
  ]);
});
