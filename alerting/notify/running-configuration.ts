import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import type { Clock } from '../../clock/clock.ts';
import type { Labels } from '../../storage/labels.ts';
import type { AggregationGroup } from './aggregation-group.ts';
import type { NotifyConfiguration } from './configuration/configuration.ts';
import { Dispatcher } from './dispatcher.ts';
import { groupTargets } from './group-targets.ts';
import { Inhibitor } from './inhibitor.ts';
import type { NotificationTemplates } from './integration.ts';
import type { NotificationJournal } from './notification-journal.ts';
import type { NotifyMetrics } from './notify-metrics.ts';
import { Pipeline } from './pipeline.ts';
import { Sender } from './sender.ts';
import type { StoredAlert } from './stored-alert.ts';

export interface RunningConfigurationOptions {
  readonly configuration: NotifyConfiguration;
  readonly templates: NotificationTemplates;
  readonly journal: NotificationJournal;
  readonly silenced: (labels: Labels) => readonly string[];
  /** Whether this instance may tell. */
  readonly leads: () => boolean;
  readonly leadsSince: () => number;
  /** Whether groups may be looked at. */
  readonly mayFlush: () => boolean;
  /** An alert that no group holds any more. */
  readonly released: (stored: StoredAlert) => void;
  /** An alert for which no group can be made. */
  readonly refused: (stored: StoredAlert) => void;
  readonly maxGroups: number;
  /** How long `end` waits for attempts that are under way; milliseconds. */
  readonly stopWithin: number;
  readonly externalUrl: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: NotifyMetrics;
  readonly random: (() => number) | undefined;
}

/** What a configuration has become: its groups, and its receivers with their connections. */
export class RunningConfiguration {
  readonly configuration: NotifyConfiguration;
  readonly inhibitor: Inhibitor;
  readonly pipeline: Pipeline;
  readonly dispatcher: Dispatcher;
  readonly #options: RunningConfigurationOptions;
  readonly #senders: ReadonlyMap<string, readonly Sender[]>;
  readonly #stopping = new AbortController();
  readonly #cut = new AbortController();

  /** Throws what an integration throws that cannot be made. */
  constructor(options: RunningConfigurationOptions) {
    const { configuration, maxGroups, clock } = options;
    this.#options = options;
    this.configuration = configuration;
    // Every notification that is under way listens.
    setMaxListeners(0, this.#stopping.signal, this.#cut.signal);
    this.#senders = this.#open();
    this.inhibitor = new Inhibitor(configuration.inhibitRules);
    this.pipeline = new Pipeline({ ...options, inhibitor: this.inhibitor, senders: this.#senders });
    this.dispatcher = new Dispatcher({
      clock,
      maxGroups,
      targets: (alert) => groupTargets(alert, configuration.route),
      mayFlush: options.mayFlush,
      flush: (group, alerts, now) => this.pipeline.flush(group, alerts, now),
      earlier: (group) => this.#repeatAt(group),
      released: (stored) => {
        this.inhibitor.delete(stored);
        options.released(stored);
      },
      refused: options.refused,
    });
  }

  /** Begins nothing more, lets attempts that are under way end for a while, and closes connections. */
  async end(): Promise<void> {
    const { clock, logger, stopWithin } = this.#options;
    this.#stopping.abort(new Error('the notifier was stopped'));
    const cancel = clock.schedule(stopWithin, () => this.#cut.abort(new Error('the notifier was stopped')));
    await this.dispatcher.stop();
    cancel();
    const integrations = [...this.#senders.values()].flat().map(({ integration }) => integration);
    const closed = await Promise.allSettled(integrations.map(async (integration) => integration.close?.()));
    if (closed.some(({ status }) => status === 'rejected')) logger.warn('connections to receivers could not be closed');
  }

  #open(): ReadonlyMap<string, readonly Sender[]> {
    const { configuration, templates, leads, leadsSince, clock, logger, metrics, random } = this.#options;
    const signals = { stopping: this.#stopping.signal, cut: this.#cut.signal };
    const about = { clock, metrics, random, maySend: leads, leadsSince, ...signals };
    return new Map(
      configuration.receivers.map(({ name: receiver, integrations }) => [
        receiver,
        integrations.map(({ name, settings }) => {
          return new Sender({ ...about, receiver, integration: settings.create(name, { templates, clock, logger }) });
        }),
      ]),
    );
  }

  /** When one of the integrations is to be told again what has not changed. */
  #repeatAt({ receiver, groupKey, options }: AggregationGroup): number {
    if (!options.isPrompt) return Number.POSITIVE_INFINITY;
    const times = (this.#senders.get(receiver) ?? []).map(({ integration }) => {
      const told = this.#options.journal.told(receiver, groupKey, integration.name);
      return told === undefined ? Number.POSITIVE_INFINITY : told.timestamp + options.repeatAfter(told.repeats) + 1;
    });
    return Math.min(...times);
  }
}
