import { alertKey, type NotifiableAlert } from '../../notifiable-alert.ts';
import type { Notification, Outcome } from '../integration.ts';
import type { Attempt } from './attempt.ts';
import { tkeBody } from './tke-body.ts';

export interface TkePostsOptions {
  readonly zone: string;
  readonly post: (attempt: Attempt, body: string) => Promise<Outcome>;
}

/** Posts at once. */
const PARALLEL = 4;
/** Notifications of which it is remembered what was delivered of them. */
const MAX_STARTED = 1_000;

/** TKE's body has one alert, so a notification is as many posts; another attempt repeats only those that failed. */
export class TkePosts {
  readonly #options: TkePostsOptions;
  /** By group: the notification that is being told, and the alerts that are done. */
  readonly #started = new Map<string, { readonly at: number; readonly done: Set<string> }>();

  constructor(options: TkePostsOptions) {
    this.#options = options;
  }

  async notify(attempt: Attempt): Promise<Outcome> {
    const { notification } = attempt;
    const done = this.#doneOf(notification);
    const waiting = notification.alerts.filter((alert) => !done.has(alertKey(alert)));
    const outcomes: Outcome[] = [];
    const work = async (): Promise<void> => {
      for (let alert = waiting.shift(); alert !== undefined; alert = waiting.shift()) {
        const outcome = await this.#post(attempt, alert);
        outcomes.push(outcome);
        if (outcome.kind !== 'failed') done.add(alertKey(alert));
        // The others would wait for the same server.
        else waiting.length = 0;
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    const failed = outcomes.find(({ kind }) => kind === 'failed');
    if (failed !== undefined) return failed;
    this.#started.delete(notification.groupKey);
    // One that was refused is not told again with the others.
    return outcomes.find(({ kind }) => kind === 'refused') ?? { kind: 'delivered' };
  }

  #post(attempt: Attempt, alert: NotifiableAlert): Promise<Outcome> {
    const body = tkeBody(alert, { now: attempt.clock.now(), zone: this.#options.zone });
    return this.#options.post(attempt, JSON.stringify(body));
  }

  #doneOf({ groupKey, at }: Notification): Set<string> {
    const known = this.#started.get(groupKey);
    if (known?.at === at) return known.done;
    if (this.#started.size >= MAX_STARTED) this.#started.delete(this.#started.keys().next().value!);
    const done = new Set<string>();
    this.#started.set(groupKey, { at, done });
    return done;
  }
}
