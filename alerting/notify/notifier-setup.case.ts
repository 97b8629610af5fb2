import pino from 'pino';
import { Registry } from 'prom-client';
import { Labels } from '../../storage/labels.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import { SteppedClock } from '../stepped-clock.case.ts';
import type { NotifyConfiguration } from './configuration/configuration.ts';
import { parseNotifyConfiguration } from './configuration/parse-configuration.ts';
import { KeptNotifications } from './kept-notifications.case.ts';
import { createNotifier, type Notifier, type NotifierOptions } from './notifier.ts';
import { NO_TEMPLATES, Recorder } from './recorder.case.ts';

/** A notifier whose time is stepped, with all that is around it. A second one can be made on the same log and clock. */
export interface NotifierSetup {
  readonly notifier: Notifier;
  readonly clock: SteppedClock;
  readonly recorder: Recorder;
  readonly log: KeptNotifications;
  readonly registry: Registry;
  /** By any text: matches the label alertname. */
  readonly silenced: Set<string>;
  /** An alert of a rule; labels beyond alertname by `more`. */
  alert(name: string, more?: Readonly<Record<string, string>>): NotifiableAlert;
  configuration(text: string): NotifyConfiguration;
}

export function setupNotifier(
  text: string,
  {
    clock = new SteppedClock(),
    log = new KeptNotifications(),
    recorder = new Recorder(),
    ...options
  }: {
    readonly clock?: SteppedClock;
    readonly log?: KeptNotifications;
    readonly recorder?: Recorder;
  } & Partial<NotifierOptions> = {},
): NotifierSetup {
  const registry = new Registry();
  const silenced = new Set<string>();
  const configuration = (yaml: string): NotifyConfiguration => {
    const parsed = parseNotifyConfiguration({ file: 'am.yml', directory: '/', text: yaml }, recorder.registry);
    if (parsed.configuration === undefined) throw new Error(JSON.stringify(parsed.problems));
    return parsed.configuration;
  };
  const notifier = createNotifier({
    configuration: configuration(text),
    templates: NO_TEMPLATES,
    notificationLog: log,
    silenced: (labels) => (silenced.has(labels.get('alertname')) ? ['silence'] : []),
    externalUrl: 'http://pharos',
    logger: pino({ level: 'silent' }),
    registry,
    clock,
    random: () => 1,
    ...options,
  });
  notifier.start();
  return {
    ...{ notifier, clock, recorder, log, registry, silenced, configuration },
    alert: (name, more = {}) => firing(name, more, clock.now()),
  };
}

/** A firing alert of a rule of that name. */
export function firing(name: string, more: Readonly<Record<string, string>>, startsAt: number): NotifiableAlert {
  const labels = Labels.from({ alertname: name, ...more });
  return {
    rule: JSON.stringify(['f', 'g', name]),
    key: labels.key,
    labels,
    annotations: Labels.from({ summary: name }),
    status: 'firing',
    startsAt,
    endsAt: 0,
    validUntil: startsAt + 365 * 86_400_000,
    generatorUrl: 'http://pharos/graph',
  };
}

/** The same alert, ended. */
export function resolved(alert: NotifiableAlert, endsAt: number): NotifiableAlert {
  return { ...alert, status: 'resolved', endsAt };
}
