import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { ObjectStore } from '../../simulator/object-store.ts';
import { type KubeClient, KubeError } from './kube-client.ts';
import { LeaderElection, type LeaderElectionOptions } from './leader-election.ts';
import { ManualClock } from './operator/manual-clock.case.ts';

let clock = new ManualClock();

/** The API server's part in it, at once and without a network. */
class Leases {
  readonly store = new ObjectStore({ now: () => clock.now() });
  /** Those who get no answer: their requests end with their signals. */
  readonly cutOff = new Set<string>();
  /** Those whose writes arrive, but not the answers. */
  readonly deaf = new Set<string>();
  status = 0;

  get spec(): Record<string, unknown> {
    return this.store.get('leases', 'ns', 'pharos')!.spec as Record<string, unknown>;
  }

  of(identity: string): Pick<KubeClient, 'get' | 'send'> {
    const silence = (signal: AbortSignal | undefined): Promise<never> =>
      new Promise((_, reject) => {
        const abort = (): void => reject(new KubeError('no answer', { status: 0 }));
        if (signal?.aborted === true) abort();
        else signal?.addEventListener('abort', abort);
      });
    const refuse = (status: number): never => {
      throw new KubeError(`status ${status}`, { status });
    };
    return {
      get: async (_path, { signal } = {}) => {
        if (this.cutOff.has(identity)) return silence(signal);
        if (this.status !== 0) refuse(this.status);
        return this.store.get('leases', 'ns', 'pharos') ?? refuse(404);
      },
      send: async (method, _path, { body, signal }) => {
        if (this.cutOff.has(identity)) return silence(signal);
        if (this.status !== 0) refuse(this.status);
        const object = body as Parameters<ObjectStore['create']>[1];
        const now = this.store.get('leases', 'ns', 'pharos');
        if (method === 'PUT' && now?.metadata.resourceVersion !== object.metadata.resourceVersion) refuse(409);
        const written = method === 'POST' ? this.store.create('leases', object) : this.store.update('leases', object);
        if (this.deaf.has(identity)) return silence(signal);
        return written ?? refuse(409);
      },
    };
  }
}

const elections: LeaderElection[] = [];
let leases = new Leases();
const logged: string[] = [];

afterEach(async () => {
  const closing = elections.splice(0).map((election) => election.close());
  await clock.advance(60_000);
  await Promise.all(closing);
  clock = new ManualClock();
  leases = new Leases();
  logged.length = 0;
});

function contend(identity: string, options: Partial<LeaderElectionOptions> = {}): LeaderElection {
  const logger = pino({}, { write: (line: string) => void logged.push((JSON.parse(line) as { msg: string }).msg) });
  const fixed = { namespace: 'ns', name: 'pharos', identity, logger, clock, random: () => 0.5 };
  const election = new LeaderElection({ client: leases.of(identity), ...fixed, ...options });
  elections.push(election);
  return election;
}

/** Seconds, checked every tenth of one, in which never more than one leads; answers when each began to lead. */
async function pass(seconds: number, contenders: Record<string, LeaderElection>): Promise<Record<string, number>> {
  const since: Record<string, number> = {};
  for (let tenth = 1; tenth <= seconds * 10; tenth++) {
    await clock.advance(100);
    const leading = Object.keys(contenders).filter((name) => contenders[name]!.isLeader());
    expect(leading.length).toBeLessThanOrEqual(1);
    for (const name of leading) since[name] ??= tenth / 10;
  }
  return since;
}

describe('leader election', () => {
  it('makes one of two the leader, who stays it and keeps its lease renewed', async () => {
    const [a, b] = [contend('a'), contend('b')];
    const since = await pass(60, { a, b });
    expect(Object.keys(since)).toEqual(['a']);
    expect(b.leader).toBe('a');
    expect(leases.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 });
    const renewed = Date.parse(leases.spec.renewTime as string);
    expect(clock.now() - renewed).toBeLessThanOrEqual(2_000);
    expect(leases.spec.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(leases.spec.acquireTime).not.toBe(leases.spec.renewTime);
  });

  it('gives the lease to another one when the leader is gone, after the lease has run out', async () => {
    const a = contend('a');
    await pass(5, { a });
    const b = contend('b');
    await pass(5, { a, b });
    // Killed: nothing is ever sent again, also no release.
    leases.cutOff.add('a');
    const since = await pass(40, { b });
    expect(since.b).toBeGreaterThan(12);
    expect(since.b).toBeLessThan(21);
    expect(leases.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('steps down before the lease ends when the API server cannot be reached', async () => {
    const changes: [number, boolean][] = [];
    const a = contend('a');
    a.onChange((isLeader) => changes.push([clock.now(), isLeader]));
    await pass(4.5, { a });
    const b = contend('b');
    await pass(2, { a, b });
    const cut = clock.now();
    leases.cutOff.add('a');
    const since = await pass(30, { a, b });
    expect(changes.map(([, isLeader]) => isLeader)).toEqual([true, false]);
    const steppedDown = changes[1]![0] - cut;
    expect(steppedDown).toBeLessThanOrEqual(10_000);
    expect(since.b! * 1_000).toBeGreaterThan(steppedDown + 4_000);
    // It comes back as one of many.
    leases.cutOff.clear();
    expect(Object.keys(await pass(30, { a, b }))).toEqual(['b']);
  });

  it('does not lead by a lease whose writing it did not hear of in time', async () => {
    leases.deaf.add('a');
    const a = contend('a');
    await pass(30, { a });
    expect(leases.spec.holderIdentity).toBe('a');
    expect(a.isLeader()).toBe(false);
    leases.deaf.clear();
    await pass(10, { a });
    expect(a.isLeader()).toBe(true);
    expect(leases.spec.leaseTransitions).toBe(0);
  });

  it('rides out a short outage, and a restart of the API server, without a change', async () => {
    const changes: boolean[] = [];
    const a = contend('a');
    a.onChange((isLeader) => changes.push(isLeader));
    await pass(10, { a });
    leases.status = 503;
    await pass(6, { a });
    leases.status = 0;
    await pass(20, { a });
    expect(changes).toEqual([true]);
    expect(logged).toEqual([
      'became the leader',
      'cannot renew or get the lease: status 503',
      'the lease can be reached again',
    ]);
  });

  it('leaves the lead at once to the one who took the lease', async () => {
    const a = contend('a');
    await pass(3, { a });
    const lease = leases.store.get('leases', 'ns', 'pharos')!;
    leases.store.update('leases', { ...lease, spec: { ...leases.spec, holderIdentity: 'somebody' } });
    await pass(3, { a });
    expect(a.isLeader()).toBe(false);
    expect(a.leader).toBe('somebody');
  });

  it('gives the lease up at its end, so that another one leads at once', async () => {
    const [a, b] = [contend('a'), contend('b')];
    await pass(5, { a, b });
    const closing = a.close();
    expect(a.isLeader()).toBe(false);
    await closing;
    expect(leases.spec.holderIdentity).toBe('');
    const since = await pass(6, { a, b });
    expect(since.b).toBeLessThan(5);
  });

  it('does not believe a steady clock that slept', async () => {
    let slept = 0;
    const now = clock;
    const sleepy = {
      now: () => now.now() + slept,
      elapsed: () => now.elapsed(),
      schedule: now.schedule.bind(now),
    };
    const a = contend('a', { clock: sleepy });
    await pass(3, { a });
    expect(a.isLeader()).toBe(true);
    slept = 60_000;
    expect(a.isLeader()).toBe(false);
  });

  it('tells which rule is missing', async () => {
    leases.status = 403;
    contend('a');
    await clock.advance(10_000);
    expect(logged).toEqual([
      'may not use the lease: it needs a Role in namespace ns with the rule {apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "create", "update"]}',
    ]);
  });

  it.each([
    [{ renewDeadline: 15_000 }, 'leaseDuration must be more than renewDeadline, got 15000 and 15000'],
    [{ retryPeriod: 10_000 }, 'renewDeadline must be more than retryPeriod, got 10000 and 10000'],
    [{ identity: '' }, 'the identity must not be empty'],
  ])('refuses %j', (options, message) => {
    expect(() => contend('a', options)).toThrow(message);
  });
});
