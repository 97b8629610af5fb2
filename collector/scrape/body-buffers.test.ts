import { expect, it } from 'vitest';
import { BodyBuffers } from './body-buffers.ts';

it('gives the same memory again', () => {
  const buffers = new BodyBuffers();
  const first = buffers.take(1);
  const second = buffers.take(100_000);
  expect(second.length).toBeGreaterThanOrEqual(100_000);
  expect(buffers.usedBytes).toBe(first.length + second.length);
  buffers.give(first);
  buffers.give(second);
  expect(buffers.usedBytes).toBe(0);
  expect(buffers.idleBytes).toBe(first.length + second.length);
  expect(buffers.take(90_000)).toBe(second);
  expect(buffers.take(10)).toBe(first);
});

it('keeps the beginning when it grows', () => {
  const buffers = new BodyBuffers();
  const small = buffers.take(3);
  small.write('abc');
  const larger = buffers.grow(small, 3, 70_000);
  expect(larger.toString('latin1', 0, 3)).toBe('abc');
  expect(buffers.usedBytes).toBe(larger.length);
});

it('has two limits', () => {
  const buffers = new BodyBuffers({ maxBytes: 200_000, maxIdleBytes: 70_000 });
  const first = buffers.take(65_536);
  const second = buffers.take(131_072 - 1);
  expect(() => buffers.take(1)).toThrow(
    'the pages being received may take 200000 bytes together; 196608 bytes are in use and 65536 are wanted',
  );
  buffers.give(first);
  buffers.give(second);
  expect(buffers.idleBytes).toBe(65_536);
});

it('frees the young objects after every few MiB of chunks', () => {
  let freed = 0;
  const buffers = new BodyBuffers({ freeYoung: () => freed++ });
  for (let chunk = 0; chunk < 47; chunk++) buffers.chunksDone(65_536);
  expect(freed).toBe(0);
  buffers.chunksDone(65_536);
  expect(freed).toBe(1);
  for (let chunk = 0; chunk < 96; chunk++) buffers.chunksDone(65_536);
  expect(freed).toBe(3);
});
