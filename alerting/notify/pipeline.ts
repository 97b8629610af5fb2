/** What happens between a group of alerts and the integrations of its receiver, when the group is looked at. */
import type { Logger } from 'pino';
import type { Clock } from '../../clock/clock.ts';
import type { Labels } from '../../storage/labels.ts';
import type { AggregationGroup, FlushedAlert } from './aggregation-group.ts';
import { fingerprintsAtOtherLevels } from './alert-level.ts';
import { buildNotification } from './build-notification.ts';
import type { NotifyConfiguration } from './configuration/configuration.ts';
import { inTimeIntervals } from './configuration/time-interval.ts';
import type { Inhibitor } from './inhibitor.ts';
import type { NotificationReason } from './integration.ts';
import { needsUpdate } from './needs-update.ts';
import type { NotificationJournal } from './notification-journal.ts';
import type { NotifyMetrics } from './notify-metrics.ts';
import type { Delivery, Sender } from './sender.ts';
import { mayBeInFlight } from './stored-alert.ts';

export interface PipelineOptions {
  readonly configuration: NotifyConfiguration;
  readonly inhibitor: Inhibitor;
  /** Ids of the silences that mute an alert with these labels. */
  readonly silenced: (labels: Labels) => readonly string[];
  readonly journal: NotificationJournal;
  /** Of each receiver, in the order of its integrations. */
  readonly senders: ReadonlyMap<string, readonly Sender[]>;
  /** When this instance began to lead; milliseconds. */
  readonly leadsSince: () => number;
  readonly externalUrl: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<NotifyMetrics, 'notifications' | 'suppressed'>;
}

/** A notification is tried for as long as the group's interval, but for so long at least. Milliseconds. */
const LEAST_TIME = 10_000;

/** What is told of a group to each integration. */
interface Telling {
  readonly alerts: readonly FlushedAlert[];
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly now: number;
}

export class Pipeline {
  readonly #options: PipelineOptions;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /**
   * Tells each integration what it has to know. Resolves with whether all of them know now, so that ends need not be told again.
   * Never rejects.
   */
  async flush(group: AggregationGroup, all: readonly FlushedAlert[], now: number): Promise<boolean> {
    const alerts = this.#unmuted(group, all, now);
    if (alerts.length === 0) return true;
    const telling: Telling = {
      alerts,
      firing: alerts.filter(({ alert }) => alert.status === 'firing').map(({ fingerprint }) => fingerprint),
      resolved: alerts.filter(({ alert }) => alert.status === 'resolved').map(({ fingerprint }) => fingerprint),
      now,
    };
    const senders = this.#options.senders.get(group.receiver);
    if (senders === undefined) {
      this.#options.logger.warn(`no receiver is called ${JSON.stringify(group.receiver)}: its alerts are not told`);
      return true;
    }
    const told = await Promise.all(senders.map((sender) => this.#tell(group, sender, telling)));
    return told.every((isTold) => isTold);
  }

  /** Names of the time intervals because of which the group is not told now. */
  mutedBy(group: AggregationGroup, now: number): readonly string[] {
    const { timeIntervals } = this.#options.configuration;
    const contains = (name: string): boolean => inTimeIntervals(timeIntervals.get(name) ?? [], now);
    const { activeTimeIntervals, muteTimeIntervals } = group.options;
    if (activeTimeIntervals.length > 0 && !activeTimeIntervals.some(contains)) return activeTimeIntervals;
    return muteTimeIntervals.filter(contains);
  }

  #unmuted(group: AggregationGroup, all: readonly FlushedAlert[], now: number): readonly FlushedAlert[] {
    const { inhibitor, silenced, metrics } = this.#options;
    const suppress = (reason: string, count: number): void => {
      if (count > 0) metrics.suppressed.inc({ reason }, count);
    };
    const uninhibited = all.filter(({ alert }) => inhibitor.inhibiting(alert.labels, now).length === 0);
    suppress('inhibition', all.length - uninhibited.length);
    if (uninhibited.length > 0 && this.mutedBy(group, now).length > 0) {
      suppress('time_interval', uninhibited.length);
      return [];
    }
    const alerts = uninhibited.filter(({ alert }) => silenced(alert.labels).length === 0);
    suppress('silence', uninhibited.length - alerts.length);
    return alerts;
  }

  async #tell(group: AggregationGroup, sender: Sender, telling: Telling): Promise<boolean> {
    const { journal, externalUrl, leadsSince } = this.#options;
    const { receiver, groupKey, labels, options } = group;
    const { integration } = sender;
    const told = journal.told(receiver, groupKey, integration.name);
    const toldAt = journal.toldAt(receiver, groupKey);
    const byFingerprint = new Map(telling.alerts.map(({ fingerprint, alert }) => [fingerprint, alert]));
    const reason = needsUpdate(told, {
      firing: new Set(telling.firing),
      resolved: new Set(telling.resolved),
      inFlight: new Set(
        telling.alerts
          .filter(({ alert, stored, fingerprint }) => {
            if (alert.status !== 'resolved') return false;
            const fingerprints = [fingerprint, ...fingerprintsAtOtherLevels(alert)];
            if (fingerprints.some((one) => journal.isTried(receiver, groupKey, one, integration.name))) return true;
            return mayBeInFlight(alert, {
              endsAt: stored.endsAt,
              wait: options.wait,
              leadsSince: leadsSince(),
              toldAt,
            });
          })
          .map(({ fingerprint }) => fingerprint),
      ),
      sendResolved: integration.sendResolved,
      now: telling.now,
      repeatAfter: options.repeatAfter,
      atOtherLevels: (fingerprint) => fingerprintsAtOtherLevels(byFingerprint.get(fingerprint)!),
    });
    if (reason === undefined) return true;
    const repeats = reason === 'repeat' && told !== undefined ? told.repeats + 1 : 0;
    if (telling.firing.length === 0 && !integration.sendResolved) {
      this.#note(group, sender, { telling, repeats, delivery: NOT_WANTED });
      return true;
    }
    // Nobody says any more that these fire, so repeating it would be a guess.
    if (reason === 'repeat' && !telling.alerts.some(({ alert }) => isFresh(alert, telling.now))) return true;
    const notification = buildNotification(integration, {
      receiver,
      groupKey,
      groupLabels: labels,
      alerts: telling.alerts.map(({ alert }) => alert),
      reason,
      repeats,
      externalUrl,
      at: telling.now,
    });
    const delivery = await sender.send(notification, Math.max(options.interval, LEAST_TIME));
    if (delivery === undefined) return false;
    // Also when the receiver wants nothing now: what begins and ends meanwhile is told by its end.
    this.#note(group, sender, { telling, repeats, delivery });
    this.#report(group, sender, { reason, delivery });
    return delivery.outcome === 'delivered';
  }

  #note(
    { receiver, groupKey, labels }: AggregationGroup,
    { integration }: Sender,
    {
      telling,
      repeats,
      delivery,
    }: { readonly telling: Telling; readonly repeats: number; readonly delivery: Delivery },
  ): void {
    const { journal, clock } = this.#options;
    journal.note({
      timestamp: clock.now(),
      receiver,
      integration: integration.name,
      groupKey,
      groupLabels: labels,
      status: telling.firing.length > 0 ? 'firing' : 'resolved',
      outcome: delivery.outcome,
      reason: delivery.reason,
      attempts: delivery.attempts,
      duration: delivery.duration,
      repeats,
      firing: telling.firing,
      resolved: telling.resolved,
    });
  }

  #report(
    { receiver, groupKey }: AggregationGroup,
    { integration }: Sender,
    { reason, delivery }: { readonly reason: NotificationReason; readonly delivery: Delivery },
  ): void {
    const { logger, metrics } = this.#options;
    if (delivery.attempts === 0) return;
    metrics.notifications.inc({ receiver, integration: integration.name, outcome: delivery.outcome });
    const about = { receiver, integration: integration.name, group: groupKey, reason, attempts: delivery.attempts };
    if (delivery.outcome !== 'delivered') logger.warn(about, `a notification ${delivery.outcome}: ${delivery.reason}`);
    else logger.debug(about, 'a notification was delivered');
  }
}

const NOT_WANTED: Delivery = {
  outcome: 'delivered',
  reason: 'not sent: the integration is told no ends',
  attempts: 0,
  duration: 0,
};

function isFresh(alert: FlushedAlert['alert'], now: number): boolean {
  return alert.status === 'firing' && alert.validUntil > now;
}
