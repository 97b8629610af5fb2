import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { CutProxy } from './cut-proxy.ts';

async function ask(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write('ping');
  try {
    const [data] = (await once(socket, 'data', { signal: AbortSignal.timeout(300) })) as [Buffer];
    return data.toString();
  } catch (error) {
    return (error as { code?: string; name: string }).code ?? (error as Error).name;
  } finally {
    socket.destroy();
  }
}

test('passes, refuses, passes again, hangs, passes again', async () => {
  const server = createServer(
    (socket) => void socket.on('error', () => {}).on('data', (data) => socket.write(`${data}-pong`)),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = new CutProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  await proxy.open();
  const { port } = proxy;
  expect(await ask(port)).toBe('ping-pong');
  await proxy.cut('refuse');
  expect(await ask(port)).toBe('ECONNREFUSED');
  await proxy.open();
  expect(proxy.port).toBe(port);
  expect(await ask(port)).toBe('ping-pong');
  await proxy.cut('hang');
  expect(await ask(port)).toBe('ABORT_ERR');
  await proxy.open();
  expect(await ask(port)).toBe('ping-pong');
  await proxy.close();
  server.close();
});
