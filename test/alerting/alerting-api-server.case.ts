import fastify from 'fastify';
import pino from 'pino';
import { Registry } from 'prom-client';
import { registerAlertingApi } from '../../alerting/api/server.ts';
import { parseNotifyConfiguration } from '../../alerting/notify/configuration/parse-configuration.ts';
import { createNotifier } from '../../alerting/notify/notifier.ts';
import { NO_TEMPLATES, Recorder } from '../../alerting/notify/recorder.case.ts';
import { Silences } from '../../alerting/silences/silences.ts';
import { SYSTEM_CLOCK } from '../../clock/clock.ts';
import { createMemoryStorage } from '../../storage/memory.ts';

export interface AlertingApiServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The alerting API on a port of its own, with a notifier that tells nobody, over a store in memory. */
export async function startAlertingApi(config: string): Promise<AlertingApiServer> {
  const logger = pino({ level: 'silent' });
  const registry = new Registry();
  const clock = SYSTEM_CLOCK;
  const storage = createMemoryStorage();
  const file = { file: 'alertmanager.yml', directory: '/', text: config };
  const { configuration, problems } = parseNotifyConfiguration(file, new Recorder().registry);
  if (configuration === undefined) throw new Error(JSON.stringify(problems));
  const silences = new Silences({ log: storage.documentLog, clock, logger, registry });
  await silences.start();
  const board = createNotifier({
    configuration,
    templates: NO_TEMPLATES,
    notificationLog: storage.notificationLog,
    silenced: (labels) => silences.silencedBy(labels),
    externalUrl: 'http://pharos',
    logger,
    registry,
    clock,
  });
  board.start();
  const app = fastify({ forceCloseConnections: true });
  const startTime = clock.now();
  registerAlertingApi(app, { board, silences, clock, logger, registry, version: '0.0.0', startTime });
  return {
    url: await app.listen({ host: '127.0.0.1', port: 0 }),
    async close() {
      await app.close();
      await board.stop();
      await silences.stop();
    },
  };
}
