import fc from 'fast-check';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../clock/clock.ts';
import { StorageError } from '../storage/errors.ts';
import type { LeaseClaim, LeaseLog } from '../storage/lease-log.ts';
import { MemoryLeaseLog } from '../storage/memory-lease-log.ts';
import { soleLeadership } from './leadership.ts';
import { SteppedClock } from './stepped-clock.case.ts';
import { StoreLeadership } from './store-leadership.ts';

const logger = pino({ level: 'silent' });
const NEVER = new AbortController().signal;

/** Numbers from 0 to 1 that repeat with the seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One store for all, with a way there and back that takes time, and rows that are acknowledged late, never, or by mistake. */
class SharedStore {
  readonly log = new MemoryLeaseLog(() => {});
  readonly clock: SteppedClock;
  readonly random: () => number;
  /** Milliseconds of one way, at most. */
  delay = 20;
  isAway = false;
  /** How often an acknowledgement is lost, from 0 to 1. */
  loss = 0;
  /** Whether a term can be taken once only. */
  keepsOne = true;
  /** Called whenever something has happened in the store. */
  onStep: () => void = () => {};

  constructor(clock: SteppedClock, random: () => number) {
    this.clock = clock;
    this.random = random;
  }

  async way(): Promise<void> {
    if (this.isAway) throw new StorageError('unavailable', 'the store is away');
    await new Promise<void>((resolve) => this.clock.schedule(this.random() * this.delay, resolve));
    this.onStep();
  }

  async apply(lease: Omit<LeaseClaim, 'renewedAt'>): Promise<void> {
    // Of those with a higher sequence the memory log lets several take one term.
    const { sequence, ...rest } = lease;
    await this.log.claim({ ...rest, sequence: this.keepsOne ? sequence : sequence + 1 }, NEVER);
    this.onStep();
  }
}

/** A process that can be stopped, go on, and be killed; its steady clock has a rate of its own, and its time of day jumps. */
class Contender {
  readonly leadership: StoreLeadership;
  readonly changes: boolean[] = [];
  readonly #store: SharedStore;
  #stopped = false;
  #killed = false;
  #waiting: (() => void)[] = [];

  constructor(store: SharedStore, identity: string, rate = 1, standbyPeriod = 5_000) {
    this.#store = store;
    const { clock } = store;
    const own: Clock = {
      now: () => clock.now() + store.random() * 1e9,
      elapsed: () => clock.elapsed() * rate + 12_345,
      schedule: (milliseconds, call) => clock.schedule(milliseconds / rate, () => this.#whenRunning(call)),
    };
    const leaseLog: LeaseLog = {
      claim: async (lease) => {
        await this.#running();
        await store.way();
        await store.apply(lease);
        if (store.random() < store.loss) throw new StorageError('unavailable', 'the acknowledgement was lost');
        await store.way();
        await this.#running();
      },
      read: async (name) => {
        await this.#running();
        await store.way();
        const claims = await store.log.read(name, NEVER);
        await store.way();
        await this.#running();
        return claims;
      },
    };
    this.leadership = new StoreLeadership({ leaseLog, name: 'alerting', identity, logger, clock: own, standbyPeriod });
    this.leadership.onChange((isLeader) => this.changes.push(isLeader));
  }

  /** Whether it would act now. */
  get acts(): boolean {
    return !this.#stopped && !this.#killed && this.leadership.isLeader();
  }

  get lives(): boolean {
    return !this.#killed;
  }

  stop(): void {
    this.#stopped = true;
  }

  goOn(): void {
    this.#stopped = false;
    if (this.#killed) return;
    for (const call of this.#waiting.splice(0)) call();
    this.#store.onStep();
  }

  kill(): void {
    this.#killed = true;
    this.#waiting = [];
  }

  #running(): Promise<void> {
    return new Promise((resolve) => this.#whenRunning(resolve));
  }

  #whenRunning(call: () => void): void {
    if (this.#killed) return;
    if (this.#stopped) this.#waiting.push(call);
    else call();
  }
}

function world(seed = 1) {
  const clock = new SteppedClock();
  const store = new SharedStore(clock, randomOf(seed));
  return { clock, store };
}

test('one leads at once where nobody has, and the others stand by', async () => {
  const { clock, store } = world();
  const all = ['a', 'b', 'c'].map((name) => new Contender(store, name));
  await clock.advance(200);
  expect(all.filter(({ acts }) => acts)).toHaveLength(1);
  await clock.advance(60_000);
  expect(all.map(({ changes }) => changes.join())).toEqual(all.map(({ acts }) => (acts ? 'true' : '')));
});

test('another one takes over within 15 s after the leader was killed, whenever that is and whoever contends', async () => {
  const random = randomOf(7);
  for (let round = 0; round < 20; round++) {
    const { clock, store } = world(round);
    store.delay = 20 + random() * 400;
    const all = ['a', 'b', 'c'].map((name) => new Contender(store, name));
    await clock.advance(12_000 + random() * 4_000);
    const leader = all.find(({ acts }) => acts)!;
    leader.kill();
    await clock.advance(4_500);
    expect(all.some(({ acts }) => acts)).toBe(false);
    await clock.advance(10_500);
    expect(all.filter(({ acts }) => acts)).toHaveLength(1);
  }
});

test('another one takes over at once when the leader is closed, and a process that comes later stands by', async () => {
  const { clock, store } = world();
  const first = new Contender(store, 'a');
  await clock.advance(100);
  const second = new Contender(store, 'b');
  await clock.advance(30_000);
  expect([first.acts, second.acts]).toEqual([true, false]);
  const closing = first.leadership.close();
  expect(first.acts).toBe(false);
  await clock.advance(100);
  await closing;
  await clock.advance(1_500);
  expect([second.acts, first.changes]).toEqual([true, [true, false]]);
  // Also where many were killed before: below the one that was given up nobody leads.
  second.kill();
  const third = new Contender(store, 'c');
  await clock.advance(15_000);
  expect(third.acts).toBe(true);
  const end = third.leadership.close();
  await clock.advance(100);
  await end;
  const fourth = new Contender(store, 'd');
  await clock.advance(500);
  expect(fourth.acts).toBe(true);
});

test('a leader that was stopped notices by its own clock before it acts', async () => {
  const { clock, store } = world();
  const [a, b] = [new Contender(store, 'a'), new Contender(store, 'b')];
  await clock.advance(5_000);
  const [leader, other] = a.acts ? [a, b] : [b, a];
  leader.stop();
  await clock.advance(20_000);
  expect(other.acts).toBe(true);
  // As it wakes up, before anything of it has run.
  expect(leader.leadership.isLeader()).toBe(false);
  leader.goOn();
  expect(leader.acts).toBe(false);
  await clock.advance(10_000);
  expect([leader.acts, other.acts]).toEqual([false, true]);
  expect(leader.changes).toEqual([true, false]);
});

test('without the store nobody leads for longer than the lease, and with it the same one leads again', async () => {
  const { clock, store } = world();
  const [a, b] = [new Contender(store, 'a'), new Contender(store, 'b')];
  await clock.advance(5_000);
  const [leader, other] = a.acts ? [a, b] : [b, a];
  store.isAway = true;
  await clock.advance(3_900);
  expect(leader.acts).toBe(true);
  await clock.advance(2_100);
  expect([leader.acts, other.acts]).toEqual([false, false]);
  store.isAway = false;
  await clock.advance(1_100);
  expect([leader.acts, other.acts]).toEqual([true, false]);
});

test('one that has been alone for long leads on without the store, and with it again', async () => {
  const { clock, store } = world();
  const alone = new Contender(store, 'a');
  await clock.advance(40_000);
  store.isAway = true;
  for (let second = 0; second < 300; second++) {
    await clock.advance(1_000);
    expect(alone.acts).toBe(true);
  }
  // One that comes meanwhile cannot know that nobody leads.
  const newcomer = new Contender(store, 'b');
  await clock.advance(20_000);
  store.isAway = false;
  await clock.advance(60_000);
  expect([alone.acts, newcomer.acts, alone.changes, newcomer.changes]).toEqual([true, false, [true], []]);
});

test('one that was stopped while it was alone without the store does not lead before it has seen the store', async () => {
  const { clock, store } = world();
  const alone = new Contender(store, 'a');
  await clock.advance(40_000);
  store.isAway = true;
  await clock.advance(60_000);
  alone.stop();
  await clock.advance(8_000);
  alone.goOn();
  await clock.advance(60_000);
  expect(alone.acts).toBe(false);
  store.isAway = false;
  await clock.advance(2_000);
  expect([alone.acts, alone.changes]).toEqual([true, [true, false, true]]);
});

test('one that has had company lately does not lead without the store', async () => {
  const { clock, store } = world();
  const first = new Contender(store, 'a');
  await clock.advance(40_000);
  const second = new Contender(store, 'b');
  await clock.advance(10_000);
  second.kill();
  await clock.advance(5_000);
  store.isAway = true;
  await clock.advance(6_100);
  expect(first.acts).toBe(false);
  store.isAway = false;
  await clock.advance(60_000);
  store.isAway = true;
  await clock.advance(60_000);
  expect(first.acts).toBe(true);
});

test('one that comes back does not take over before the one that went on alone has seen it', async () => {
  for (let phase = 0; phase < 1_000; phase += 50) {
    const { clock, store } = world(phase);
    const all = ['a', 'b'].map((name) => new Contender(store, name));
    store.onStep = () => expect(all.filter(({ acts }) => acts).length).toBeLessThan(2);
    await clock.advance(5_000);
    const leader = all.find(({ acts }) => acts)!;
    const other = all.find((one) => one !== leader)!;
    other.stop();
    await clock.advance(40_000);
    store.isAway = true;
    await clock.advance(10_000 + phase);
    other.goOn();
    expect(leader.acts).toBe(true);
    await clock.advance(500);
    store.isAway = false;
    await clock.advance(20_000);
    expect([leader.changes, other.changes]).toEqual([[true], []]);
  }
});

test('a jump of the time of day changes nothing', async () => {
  const { clock, store } = world();
  const [a, b] = [new Contender(store, 'a'), new Contender(store, 'b')];
  await clock.advance(5_000);
  for (const jump of [-86_400_000, 3_600_000, 86_400_000]) {
    clock.jump(jump);
    await clock.advance(20_000);
  }
  expect([a.changes, b.changes].filter((changes) => changes.length > 0)).toEqual([[true]]);
});

test('terms that the store refuses are passed over', async () => {
  const { clock, store } = world();
  const claim = store.log.claim.bind(store.log);
  let refused = 0;
  store.log.claim = async (lease, signal) => {
    if (lease.term > 40) await claim(lease, signal);
    else refused++;
  };
  const contender = new Contender(store, 'a');
  await clock.advance(8_000);
  expect(contender.acts).toBe(true);
  expect(refused).toBeGreaterThan(2);
});

test('says in a metric whether it leads', async () => {
  const { clock, store } = world();
  const registry = new Registry();
  const options = { leaseLog: store.log, name: 'x', identity: 'a', logger, registry, clock };
  const leadership = new StoreLeadership(options);
  expect(await registry.metrics()).toMatch(/pharos_alerting_leader 0\n/);
  await clock.advance(10);
  expect(await registry.metrics()).toMatch(/pharos_alerting_leader 1\n/);
  await leadership.close();
  expect(await registry.metrics()).toMatch(/pharos_alerting_leader 0\n/);
  expect(() => new StoreLeadership({ ...options, leaseDuration: 5_000 })).toThrow('leaseDuration');
  expect(() => new StoreLeadership({ ...options, renewPeriod: 7_000 })).toThrow('renewDeadline');
});

test('a process without others leads until it is closed', async () => {
  const leadership = soleLeadership();
  const changes: boolean[] = [];
  leadership.onChange((isLeader) => changes.push(isLeader));
  expect(leadership.isLeader()).toBe(true);
  await leadership.close();
  await leadership.close();
  expect([leadership.isLeader(), changes]).toEqual([false, [false]]);
});

describe('whatever happens', () => {
  const CONTENDERS = 3;
  const fault = fc.record({
    after: fc.integer({ min: 0, max: 9_000 }),
    who: fc.integer({ min: 0, max: CONTENDERS - 1 }),
    what: fc.constantFrom('stop', 'stop', 'stop', 'kill', 'leave', 'close', 'slow', 'lossy', 'away', 'away'),
    during: fc.integer({ min: 10, max: 20_000 }),
  });
  const course = fc.record({
    seed: fc.integer(),
    keepsOne: fc.boolean(),
    rates: fc.array(fc.double({ min: 0.93, max: 1.07, noNaN: true }), { minLength: CONTENDERS, maxLength: CONTENDERS }),
    faults: fc.array(fc.tuple(fault), { maxLength: 12 }),
  });

  test('never do two act at once, and in the end one does', async () => {
    let handovers = 0;
    await fc.assert(
      fc.asyncProperty(course, async ({ seed, keepsOne, rates, faults }) => {
        const { clock, store } = world(seed);
        store.keepsOne = keepsOne;
        let names = 0;
        const start = (place: number) =>
          new Contender(store, `p${store.random() < 0.5 ? 'a' : 'z'}${names++}`, rates[place], 1_000);
        const all = rates.map((_, place) => start(place));
        const everyone = [...all];
        const check = () => {
          const acting = everyone.filter(({ acts }) => acts);
          if (acting.length > 1) throw new Error(`${acting.length} act at ${clock.elapsed()}`);
        };
        store.onStep = check;
        for (const [{ after, who, what, during }] of faults) {
          await clock.advance(after);
          const contender = all[who]!;
          if (what === 'stop') {
            contender.stop();
            clock.schedule(during, () => contender.goOn());
          } else if (what === 'slow') {
            store.delay = during / 5;
            clock.schedule(during, () => (store.delay = 20));
          } else if (what === 'lossy') {
            store.loss = 0.5;
            clock.schedule(during, () => (store.loss = 0));
          } else if (what === 'away') {
            store.isAway = true;
            clock.schedule(during, () => (store.isAway = false));
          } else {
            if (what === 'close') void contender.leadership.close();
            else contender.kill();
            const replace = () => {
              all[who] = start(who);
              everyone.push(all[who]);
            };
            if (what === 'leave') clock.schedule(during, replace);
            else replace();
          }
          check();
        }
        // Faults end within 20 s; from then on one leads within 15 s.
        await clock.advance(20_000);
        await clock.advance(20_000);
        check();
        if (everyone.filter(({ acts }) => acts).length !== 1) throw new Error('nobody leads in the end');
        for (const contender of everyone) {
          handovers += contender.changes.filter(Boolean).length;
          contender.kill();
        }
      }),
      { numRuns: 100, seed: 4 },
    );
    // The courses are eventful.
    expect(handovers).toBeGreaterThan(100);
  }, 60_000);
});
