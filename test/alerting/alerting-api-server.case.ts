import fastify from 'fastify';
import pino from 'pino';
import { Registry } from 'prom-client';
import { MemoryBoard } from '../../alerting/api/memory-board.case.ts';
import { registerAlertingApi } from '../../alerting/api/server.ts';
import { SYSTEM_CLOCK } from '../../alerting/clock.ts';
import { Silences } from '../../alerting/silences/silences.ts';
import { createMemoryStorage } from '../../storage/memory.ts';

export interface AlertingApiServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The alerting API on a port of its own, over alerts and silences in memory. */
export async function startAlertingApi(options: {
  readonly config: string;
  /** As a MemoryBoard takes them. */
  readonly receivers: Readonly<Record<string, readonly string[]>>;
}): Promise<AlertingApiServer> {
  const logger = pino({ level: 'silent' });
  const registry = new Registry();
  const clock = SYSTEM_CLOCK;
  const silences = new Silences({ log: createMemoryStorage().documentLog, clock, logger, registry });
  await silences.start();
  const board = new MemoryBoard({ ...options, clock, silencedBy: (labels) => silences.silencedBy(labels) });
  const app = fastify({ forceCloseConnections: true });
  const startTime = clock.now();
  registerAlertingApi(app, { board, silences, clock, logger, registry, version: '0.0.0', startTime });
  return {
    url: await app.listen({ host: '127.0.0.1', port: 0 }),
    async close() {
      await app.close();
      await silences.stop();
    },
  };
}
