import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { uncompressSync } from 'snappy';
import { expect, test } from 'vitest';
import { RemoteWriter } from './remote-writer.ts';

test('repeats a batch until it is acknowledged, and counts only then', async () => {
  const bodies: string[] = [];
  const answers = [503, 429, 204, 204];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    expect(request.headers['content-encoding']).toBe('snappy');
    bodies.push((uncompressSync(Buffer.concat(parts)) as Buffer).toString('latin1'));
    response.writeHead(answers[bodies.length - 1] ?? 204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`;
  const writer = new RemoteWriter(url, { metric: 'm', series: 3, interval: 10 });
  writer.start();
  while (bodies.length < 4) await new Promise((resolve) => setTimeout(resolve, 10));
  await writer.stop();
  server.close();
  expect(bodies[1]).toBe(bodies[0]);
  expect(bodies[2]).toBe(bodies[0]);
  expect(bodies[3]).not.toBe(bodies[0]);
  expect(bodies[0]!.match(/__name__\x12\x01m/g)).toHaveLength(3);
  expect(writer.retries).toBe(2);
  expect(writer.acknowledged).toBe(writer.sent);
  expect(writer.acknowledged).toBe(3 * (bodies.length - 2));
});

test('a refusal ends it', async () => {
  const server = createServer((_, response) => response.writeHead(400).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const writer = new RemoteWriter(url, { metric: 'm', series: 1, interval: 10 });
  writer.start();
  await expect(writer.stop()).rejects.toThrow(/refused with HTTP 400/);
  server.close();
  expect(writer.acknowledged).toBe(0);
});
