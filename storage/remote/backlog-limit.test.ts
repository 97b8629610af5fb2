import { expect, test } from 'vitest';
import { BacklogLimit } from './backlog-limit.ts';

test('grows while live data is in time, to half of the requests', () => {
  const limit = new BacklogLimit(8);
  expect(limit.at(0)).toBe(1);
  for (let i = 1; i < 10; i++) limit.liveDelivered(100, { now: i, alone: false });
  expect(limit.at(10)).toBe(4);
});

test('shrinks to nothing while live data is late because of it, and begins again when it is in time', () => {
  const limit = new BacklogLimit(8);
  for (let i = 1; i < 10; i++) limit.liveDelivered(100, { now: i, alone: false });
  const seen = [1, 2, 3].map((i) => {
    limit.liveDelivered(5000, { now: 10 + i, alone: false });
    return limit.at(10 + i);
  });
  expect(seen).toEqual([2, 1, 0]);
  limit.liveDelivered(200, { now: 20, alone: true });
  expect(limit.at(20)).toBe(1);
});

test('what is late without any backlog is the pace of the link', () => {
  const limit = new BacklogLimit(8);
  limit.liveDelivered(6000, { now: 1, alone: true });
  limit.liveDelivered(9000, { now: 2, alone: false });
  expect(limit.at(2)).toBe(3);
  limit.liveDelivered(13_000, { now: 3, alone: false });
  expect(limit.at(3)).toBe(1);
});

test('with no live data the backlog raises itself; after a failure it begins anew', () => {
  const limit = new BacklogLimit(8);
  limit.liveDelivered(100, { now: 0, alone: true });
  limit.backlogDelivered(5000);
  expect(limit.at(5000)).toBe(2);
  for (let i = 0; i < 5; i++) limit.backlogDelivered(20_000 + i);
  expect(limit.at(30_000)).toBe(4);
  limit.failed();
  expect(limit.at(30_000)).toBe(1);
});
