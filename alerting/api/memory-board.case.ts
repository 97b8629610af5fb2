import type { Clock } from '../../clock/clock.ts';
import { Labels } from '../../storage/labels.ts';
import { fingerprint } from '../fingerprint.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import type { AlertBoard, BoardAlert, BoardGroup, PostedAlert } from './alert-board.ts';

export interface MemoryBoardOptions {
  readonly clock: Clock;
  readonly silencedBy: (labels: Labels) => readonly string[];
  /** Names of receivers, with the labels that group what they get; all alerts go to all of them. */
  readonly receivers: Readonly<Record<string, readonly string[]>>;
  readonly config: string;
}

const RESOLVE_TIMEOUT = 5 * 60_000;

interface Held {
  readonly alert: NotifiableAlert;
  readonly updatedAt: number;
}

/** An AlertBoard that tells nobody. Alerts are inhibited, and muted by a time interval, by the labels `inhibited_by` and `muted_by`. */
export class MemoryBoard implements AlertBoard {
  readonly posted: PostedAlert[] = [];
  readonly #options: MemoryBoardOptions;
  readonly #alerts = new Map<string, Held>();

  constructor(options: MemoryBoardOptions) {
    this.#options = options;
  }

  alerts(): readonly BoardAlert[] {
    return [...this.#alerts.values()].map((held) => this.#shown(held));
  }

  groups(): readonly BoardGroup[] {
    const groups = new Map<string, { labels: Record<string, string>; receiver: string; alerts: BoardAlert[] }>();
    for (const [receiver, groupBy] of Object.entries(this.#options.receivers)) {
      for (const alert of this.alerts()) {
        const labels = alert.alert.labels.filter((name) => groupBy.includes(name));
        const key = `${receiver} ${labels.key}`;
        const group = groups.get(key) ?? { labels: labels.toObject(), receiver, alerts: [] };
        groups.set(key, group);
        group.alerts.push(alert);
      }
    }
    return [...groups.values()];
  }

  receivers(): readonly string[] {
    return Object.keys(this.#options.receivers);
  }

  config(): string {
    return this.#options.config;
  }

  post(alerts: readonly PostedAlert[]): void {
    const now = this.#options.clock.now();
    for (const alert of alerts) {
      this.posted.push(alert);
      const labels = Labels.from(alert.labels);
      const { startsAt = now, endsAt, generatorUrl } = alert;
      const isOver = endsAt !== undefined && endsAt <= now;
      this.#alerts.set(labels.key, {
        updatedAt: now,
        alert: {
          rule: '',
          key: labels.key,
          labels,
          annotations: Labels.from(alert.annotations),
          status: isOver ? 'resolved' : 'firing',
          startsAt,
          endsAt: isOver ? endsAt : 0,
          validUntil: endsAt ?? now + RESOLVE_TIMEOUT,
          generatorUrl,
        },
      });
    }
  }

  #shown({ alert, updatedAt }: Held): BoardAlert {
    const named = (name: string) => (alert.labels.has(name) ? [alert.labels.get(name)] : []);
    const silencedBy = this.#options.silencedBy(alert.labels);
    const inhibitedBy = named('inhibited_by');
    return {
      alert,
      fingerprint: fingerprint(alert.labels),
      updatedAt,
      receivers: this.receivers(),
      state: silencedBy.length + inhibitedBy.length > 0 ? 'suppressed' : 'active',
      silencedBy,
      inhibitedBy,
      mutedBy: named('muted_by'),
    };
  }
}
