import pino from 'pino';
import { Registry } from 'prom-client';
import { parseNotifyConfiguration } from '../../alerting/notify/configuration/parse-configuration.ts';
import { createNotifier } from '../../alerting/notify/notifier.ts';
import { NO_TEMPLATES, Recorder } from '../../alerting/notify/recorder.case.ts';
import { webhookBody } from '../../alerting/notify/webhook-body.ts';
import { SteppedClock } from '../../alerting/stepped-clock.case.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { BEATS, comparable, EVENTS, posted, type Sent, scriptConfiguration } from './alertmanager-script.ts';

const BEAT = 90_000;

/** Plays the script to Pharos, an hour in stepped time; resolves with what its webhooks were sent. */
export async function playPharos(): Promise<readonly Sent[]> {
  const clock = new SteppedClock();
  const start = clock.now();
  const recorder = new Recorder();
  const sent: Sent[] = [];
  recorder.answer = ({ notification }) => {
    const body = JSON.parse(webhookBody(notification));
    const at = (clock.now() - start) / BEAT;
    sent.push({ at, receiver: notification.receiver, body: comparable(body, start, BEAT) });
    return { kind: 'delivered' };
  };
  const text = scriptConfiguration('90s', (receiver) => `http://${receiver}`);
  const { configuration, problems } = parseNotifyConfiguration(
    { file: 'am.yml', directory: '/', text },
    recorder.registry,
  );
  if (configuration === undefined) throw new Error(JSON.stringify(problems));
  const silences: { readonly alertname: string; readonly until: number }[] = [];
  const notifier = createNotifier({
    configuration,
    templates: NO_TEMPLATES,
    notificationLog: createMemoryStorage().notificationLog,
    silenced: (labels) =>
      silences.flatMap(({ alertname, until }) =>
        labels.get('alertname') === alertname && clock.now() < until ? ['silence'] : [],
      ),
    externalUrl: 'http://pharos',
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
    clock,
  });
  notifier.start();
  for (const event of EVENTS) {
    await clock.advance(start + event.at * BEAT - clock.now());
    if (event.kind === 'silence')
      silences.push({ alertname: event.alertname, until: clock.now() + event.beats * BEAT });
    else notifier.post(event.alerts.map((alert) => posted(alert, event.kind, clock.now())));
  }
  await clock.advance(start + BEATS * BEAT - clock.now());
  await notifier.stop();
  return sent;
}
