import pino from 'pino';
import { Registry } from 'prom-client';
import type { NotifiableAlert } from '../../alerting/notifiable-alert.ts';
import { parseNotifyConfiguration } from '../../alerting/notify/configuration/parse-configuration.ts';
import type { OpenHttpClient } from '../../alerting/notify/http-client.ts';
import { KeptNotifications } from '../../alerting/notify/kept-notifications.case.ts';
import { createNotifier } from '../../alerting/notify/notifier.ts';
import { createIntegrationRegistry } from '../../alerting/notify/receivers/integration-registry.ts';
import { SteppedClock } from '../../alerting/stepped-clock.case.ts';
import { openNotificationHttp } from '../../cli/notification-http.ts';
import { Labels } from '../../storage/labels.ts';

/** The notifier with the real integrations over real connections, in stepped time. */
export interface DeliveryBed {
  readonly clock: SteppedClock;
  readonly log: KeptNotifications;
  /** Says that the alert fires, or has ended. */
  say(name: string, status?: 'firing' | 'resolved'): void;
  /**
   * Goes on, a second at a time; before each, requests under way come to their end, but for those that a server keeps hanging. Returns
   * when `until` holds, or the seconds are over.
   */
  pass(seconds: number, until?: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

/** For so long, in real milliseconds, an answer is waited for; what takes longer hangs. */
const PATIENCE = 600;

export async function createDeliveryBed(text: string): Promise<DeliveryBed> {
  const clock = new SteppedClock();
  const log = new KeptNotifications();
  const underWay = new Set<Promise<unknown>>();
  const hanging = new WeakSet<Promise<unknown>>();
  const openHttp: OpenHttpClient = (settings, options) => {
    const client = openNotificationHttp(settings, options);
    return {
      ...client,
      request(request, signal) {
        const answer = client.request(request, signal);
        const ended = answer.catch(() => {}).finally(() => underWay.delete(ended));
        underWay.add(ended);
        return answer;
      },
    };
  };
  const registry = new Registry();
  const integrations = createIntegrationRegistry({ openHttp, clock, registry });
  const { configuration, problems } = parseNotifyConfiguration({ file: 'am.yml', directory: '/', text }, integrations);
  if (configuration === undefined) throw new Error(JSON.stringify(problems));
  const notifier = createNotifier({
    configuration,
    templates: integrations.templates([]).templates,
    notificationLog: log,
    silenced: () => [],
    externalUrl: 'http://pharos',
    logger: pino({ level: 'silent' }),
    registry,
    clock,
    random: () => 1,
  });
  notifier.start();
  const started = new Map<string, number>();

  async function settle(): Promise<void> {
    const waited = [...underWay].filter((request) => !hanging.has(request));
    if (waited.length === 0) return;
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    await Promise.race([Promise.all(waited), patience]);
    for (const request of waited) if (underWay.has(request)) hanging.add(request);
  }

  return {
    clock,
    log,
    say(name, status = 'firing') {
      const labels = Labels.from({ alertname: name, team: 'db' });
      const startsAt = started.get(name) ?? clock.now();
      started.set(name, startsAt);
      const alert: NotifiableAlert = {
        rule: 'r',
        key: labels.key,
        labels,
        annotations: Labels.EMPTY,
        status,
        startsAt,
        endsAt: status === 'firing' ? 0 : clock.now(),
        validUntil: clock.now() + 86_400_000,
        generatorUrl: '',
      };
      notifier.notify([alert]);
    },
    async pass(seconds, until = () => false) {
      for (let i = 0; i < seconds && !until(); i++) {
        await settle();
        await clock.advance(1_000);
      }
      await settle();
      await clock.advance(0);
    },
    async stop() {
      const stopped = notifier.stop();
      await clock.advance(10_000);
      await stopped;
    },
  };
}
