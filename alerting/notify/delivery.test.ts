import { afterEach, expect, it } from 'vitest';
import { SYSTEM_CLOCK } from '../../clock/clock.ts';
import { deliver, type Post } from './delivery.ts';
import { type Answer, startReceiver } from './http-receiver.case.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function setup(answers: Answer[], options: Partial<Post> = {}) {
  const receiver = await startReceiver(answers);
  cleanups.push(receiver.close);
  const outcomes: string[] = [];
  const result = deliver({
    url: async () => `${receiver.url}/hook?token=secret`,
    headers: async () => ({ authorization: 'Bearer x' }),
    body: '{"a":1}',
    clock: SYSTEM_CLOCK,
    timeout: 5_000,
    retryFor: 60_000,
    firstPause: 5,
    maySend: () => true,
    stopping: new AbortController().signal,
    signal: new AbortController().signal,
    onAttempt: (outcome) => outcomes.push(outcome),
    ...options,
  });
  return { receiver, outcomes, result };
}

it('posts JSON with the given headers', async () => {
  const { receiver, outcomes, result } = await setup([]);
  expect(await result).toBeUndefined();
  expect(outcomes).toEqual(['delivered']);
  expect(receiver.requests[0]).toMatchObject({
    url: '/hook?token=secret',
    headers: { 'content-type': 'application/json', authorization: 'Bearer x' },
    body: { a: 1 },
  });
});

it.each([500, 502, 503, 429])('tries again after %i', async (status) => {
  const { outcomes, result } = await setup([{ status }, { status }]);
  expect(await result).toBeUndefined();
  expect(outcomes).toEqual(['failed', 'failed', 'delivered']);
});

it.each([301, 302, 400, 401, 404, 413])('does not try again after %i, nor follow it', async (status) => {
  const { receiver, result } = await setup([{ status, headers: { location: '/elsewhere' } }]);
  expect(await result).toEqual({ reason: `status ${status}`, final: true });
  expect(receiver.requests).toHaveLength(1);
});

it('does not try again once it may not be sent any more', async () => {
  let asked = 0;
  const { receiver, result } = await setup([{ status: 503 }, { status: 503 }], { maySend: () => ++asked < 3 });
  expect(await result).toMatchObject({ final: true });
  expect(receiver.requests).toHaveLength(2);
});

it('waits as long as Retry-After says', async () => {
  const { receiver, result } = await setup([{ status: 429, headers: { 'retry-after': '1' } }]);
  expect(await result).toBeUndefined();
  const [first, second] = receiver.requests;
  expect(second!.at - first!.at).toBeGreaterThanOrEqual(950);
});

it('gives up in time when Retry-After is beyond it', async () => {
  const { result } = await setup([{ status: 503, headers: { 'retry-after': '120' } }]);
  expect(await result).toEqual({ reason: 'status 503', final: false });
});

it('gives up after retryFor, and says that a later try may help', async () => {
  const failing = Array.from({ length: 50 }, () => ({ status: 500 }));
  const { outcomes, result } = await setup(failing, { retryFor: 100 });
  expect(await result).toEqual({ reason: 'status 500', final: false });
  expect(outcomes.length).toBeGreaterThan(1);
});

it('tries again when no answer comes in time', async () => {
  const { outcomes, result } = await setup(['hang'], { timeout: 200 });
  expect(await result).toBeUndefined();
  expect(outcomes).toEqual(['failed', 'delivered']);
});

it('names neither URL nor secret when nothing listens there', async () => {
  const { receiver, result: first } = await setup([]);
  await first;
  await receiver.close();
  cleanups.pop();
  const url = `${receiver.url}/hook?token=secret`;
  const { result } = await setup([], { url: async () => url, retryFor: 0 });
  expect(await result).toEqual({ reason: 'the request failed: ECONNREFUSED', final: false });
  const { result: unusable } = await setup([], { url: async () => 'no url, secret', retryFor: 0 });
  expect(JSON.stringify(await unusable)).not.toContain('secret');
});

it('begins no attempt after stopping, but lets one under way end', async () => {
  const stopping = new AbortController();
  const { outcomes, result } = await setup([{ status: 500 }], {
    stopping: stopping.signal,
    firstPause: 60_000,
    retryFor: 600_000,
    onAttempt: () => setTimeout(() => stopping.abort(), 20),
  });
  expect(await result).toEqual({ reason: 'status 500', final: false });
  expect(outcomes).toEqual([]);
});
