/**
 * Random hours in which alerts come and go, the receiver fails, the notification log is out of reach and the process is killed, also
 * between sending and noting. In the end the receiver knows what fires, and it was told nothing twice but what was in flight when a
 * process was killed.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Clock } from '../../clock/clock.ts';
import type { NotificationEvent, NotificationLog } from '../../storage/notification-log.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import { SteppedClock } from '../stepped-clock.case.ts';
import { KeptNotifications } from './kept-notifications.case.ts';
import type { Notifier } from './notifier.ts';
import { firing, resolved, setupNotifier } from './notifier-setup.case.ts';
import { type Recorded, Recorder } from './recorder.case.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** After which everything that can be told has been. */
const LONG = 12 * MINUTE;
const CONFIGURATION = `
route: {receiver: r, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 100h}
receivers: [{name: r, webhook_configs: [{url: http://x}]}]
`;
/** How long it takes until the log has what it is given. */
const NOTING = 3 * SECOND;

type Step =
  | { readonly kind: 'fire' | 'end'; readonly alert: number }
  | { readonly kind: 'kill' | 'receiver down' | 'receiver up' | 'log away' | 'log back' }
  | { readonly kind: 'wait'; readonly seconds: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('fire', 'end'), alert: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait'), seconds: fc.integer({ min: 1, max: 120 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('kill', 'receiver down', 'receiver up', 'log away', 'log back') }),
  },
);

/** What outlives a killed process: the log, the receiver, and what is true of the alerts. */
class World {
  readonly clock = new SteppedClock();
  readonly log = new KeptNotifications();
  /** What the receiver has accepted. */
  readonly accepted: Recorded[] = [];
  isReceiverDown = false;
  kills = 0;
  /** By index; an alert that has never fired is not there. */
  readonly alerts = new Map<number, NotifiableAlert>();
  #process: { notifier: Notifier; kill: () => void } | undefined;

  start(): void {
    let isAlive = true;
    const recorder = new Recorder();
    recorder.answer = (recorded) => {
      if (!isAlive) return new Promise(() => {});
      if (this.isReceiverDown) return { kind: 'failed', reason: 'down', retryAfter: 0 };
      this.accepted.push(recorded);
      return { kind: 'delivered' };
    };
    const options = { clock: this.clock, recorder, log: slowLog(this.log, this.clock, () => isAlive) };
    const { notifier } = setupNotifier(CONFIGURATION, options as never);
    this.#process = { notifier, kill: () => (isAlive = false) };
    // As the alert engine does after a restart.
    notifier.notify([...this.alerts.values()].filter(({ status }) => status === 'resolved'));
    this.say();
  }

  kill(): void {
    this.kills++;
    this.#process?.kill();
    void this.#process?.notifier.stop();
    this.start();
  }

  /** As the alert engine does after each evaluation. */
  say(): void {
    const since = this.clock.now() - 15 * MINUTE;
    this.#process!.notifier.notify(
      [...this.alerts.values()].filter((alert) => alert.status === 'firing' || alert.endsAt > since),
    );
  }

  /** With an evaluation every half minute. */
  async goOn(milliseconds: number): Promise<void> {
    for (let gone = 0; gone < milliseconds; gone += MINUTE / 2) {
      await this.clock.advance(MINUTE / 2);
      this.say();
    }
  }

  async stop(): Promise<void> {
    const stopped = this.#process!.notifier.stop();
    await this.clock.advance(MINUTE);
    await stopped;
  }
}

function slowLog(log: NotificationLog, clock: Clock, isAlive: () => boolean): NotificationLog {
  return {
    async append(events: readonly NotificationEvent[]) {
      await new Promise<void>((resolve) => clock.schedule(NOTING, resolve));
      if (!isAlive()) return new Promise(() => {});
      return log.append(events);
    },
    latest: (since, signal) => log.latest(since, signal),
    find: (filter, signal) => log.find(filter, signal),
  };
}

async function play(world: World, { kind, ...what }: Step): Promise<void> {
  const { clock, alerts, log } = world;
  const index = 'alert' in what ? what.alert : 0;
  const alert = alerts.get(index);
  switch (kind) {
    case 'fire':
      if (alert?.status !== 'firing')
        alerts.set(index, firing(index < 3 ? 'A' : 'B', { instance: String(index) }, clock.now()));
      return world.say();
    case 'end':
      if (alert?.status === 'firing') alerts.set(index, resolved(alert, clock.now()));
      return world.say();
    case 'kill':
      return world.kill();
    case 'receiver down':
    case 'receiver up':
      world.isReceiverDown = kind === 'receiver down';
      return;
    case 'log away':
    case 'log back':
      log.isAway = kind === 'log away';
      return;
    case 'wait':
      await clock.advance('seconds' in what ? what.seconds * SECOND : 0);
      return world.say();
    default:
      return kind satisfies never;
  }
}

/** What the receiver takes for firing, and how often it was told of a group what it was told before. */
function knowledge(accepted: readonly Recorded[]): { readonly firing: string[]; readonly repeated: number } {
  const groups = new Map<string, { readonly firing: string[]; readonly resolved: string[] }>();
  let repeated = 0;
  for (const { notification } of accepted) {
    const instances = (of: string): string[] =>
      notification.alerts.filter(({ status }) => status === of).map(({ labels }) => labels.get('instance'));
    const before = groups.get(notification.groupKey) ?? { firing: [], resolved: [] };
    const now = { firing: instances('firing'), resolved: instances('resolved') };
    const isNew = now.resolved.some((one) => !before.resolved.includes(one));
    if (JSON.stringify(now.firing) === JSON.stringify(before.firing) && !isNew) repeated++;
    groups.set(notification.groupKey, now);
  }
  return { firing: [...groups.values()].flatMap((group) => group.firing).sort(), repeated };
}

const wait = (seconds: number): Step => ({ kind: 'wait', seconds });
const KILL: Step = { kind: 'kill' };
/** Hours that once went wrong: an end before the kill, and a beginning that a group told without its wait. */
const FOUND: readonly (readonly Step[])[] = [
  [{ kind: 'fire', alert: 3 }, wait(10), { kind: 'end', alert: 3 }, wait(2), KILL],
  [
    ...[{ kind: 'fire', alert: 3 } as const, wait(65), { kind: 'fire', alert: 4 } as const, wait(5)],
    ...[wait(1), KILL, { kind: 'end', alert: 4 } as const],
  ],
];

it('nothing is lost, and nothing repeated but what was in flight', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }) as fc.Arbitrary<readonly Step[]>,
      async (steps) => {
        const world = new World();
        world.start();
        for (const one of steps) await play(world, one);
        world.isReceiverDown = false;
        world.log.isAway = false;
        await world.goOn(LONG);
        const { firing: known, repeated } = knowledge(world.accepted);
        const truth = [...world.alerts].filter(([, { status }]) => status === 'firing').map(([index]) => String(index));
        expect(known).toEqual(truth.sort());
        // Two groups may each have one in flight.
        expect(repeated).toBeLessThanOrEqual(2 * world.kills);
        const told = world.accepted.length;
        world.kill();
        await world.goOn(LONG);
        expect(world.accepted.length).toBe(told);
        await world.stop();
      },
    ),
    { numRuns: 40, examples: FOUND.map((steps) => [steps]) },
  );
});
