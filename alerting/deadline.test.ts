import { expect, it } from 'vitest';
import { withDeadline } from './deadline.ts';

const never = (): Promise<never> => new Promise(() => {});

it('gives the result of what ends in time', async () => {
  const { signal } = new AbortController();
  expect(await withDeadline(async () => 7, { signal, timeout: 10_000, message: 'late' })).toBe(7);
});

it('rejects when the time is over, even if nobody listens, and says so to who does', async () => {
  const { signal } = new AbortController();
  let inner: AbortSignal | undefined;
  const result = withDeadline(
    (within) => {
      inner = within;
      return never();
    },
    { signal, timeout: 10, message: 'late' },
  );
  await expect(result).rejects.toThrow('late');
  expect(inner!.aborted).toBe(true);
});

it('rejects with the reason of the signal, before or during the run', async () => {
  const controller = new AbortController();
  const result = withDeadline(never, { signal: controller.signal, timeout: 10_000, message: 'late' });
  controller.abort(new Error('stopped'));
  await expect(result).rejects.toThrow('stopped');
  const { signal } = controller;
  await expect(withDeadline(never, { signal, timeout: 10_000, message: 'late' })).rejects.toThrow('stopped');
});
