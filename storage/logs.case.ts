import { beforeAll, describe, expect, test } from 'vitest';
import type { DocumentVersion } from './document-log.ts';
import type { EventFilter, KubernetesEvent } from './event-log.ts';
import { Labels } from './labels.ts';
import type { LeaseClaim } from './lease-log.ts';
import type { NotificationEvent, NotificationFilter } from './notification-log.ts';
import type { Storage } from './storage.ts';

const NEVER = new AbortController().signal;

/** What the logs of events, notifications, documents and leases of every Storage must do. The storage is there when tests run; `T0` is when they are, about. */
export function logCases(given: { readonly storage: Storage }, T0: number): void {
  describe('the event log', () => {
    const event = (part: Partial<KubernetesEvent>): KubernetesEvent => ({
      timestamp: T0,
      firstTimestamp: T0 - 60_000,
      cluster: 'c',
      namespace: 'default',
      kind: 'Pod',
      name: 'web-1',
      objectUid: 'object',
      reason: 'BackOff',
      type: 'Warning',
      message: 'it\'s "back-off"\n\\é',
      component: 'kubelet',
      host: 'node-1',
      count: 1,
      uid: 'u',
      ...part,
    });
    const everything = { start: T0 - 3_600_000, end: T0 + 3_600_000, limit: 100 };
    const found = async (filter: Partial<EventFilter>) =>
      (await given.storage.eventLog!.find({ ...everything, ...filter }, NEVER)).map(
        ({ uid, count }) => `${uid}${count}`,
      );

    test('gives entries the newest first, each once, by what is asked for', async () => {
      const log = given.storage.eventLog!;
      expect(await log.recorded('c', 0, NEVER)).toEqual({ counts: new Map(), newest: 0 });
      await log.append([]);
      await log.append([event({}), event({ count: 2, timestamp: T0 + 1000 }), event({ uid: 'v', count: 7 })]);
      await log.append([event({}), event({ uid: 'w', cluster: 'd', namespace: '', kind: 'Node', name: 'node-1' })]);
      await log.append([event({ uid: 'x', type: 'Normal', reason: "it's", timestamp: T0 - 1000 })]);
      await given.storage.flush(NEVER);
      expect(await found({})).toEqual(['u2', 'v7', 'u1', 'w1', 'x1']);
      expect((await log.find({ ...everything, name: ['node-1'] }, NEVER)).map((one) => ({ ...one }))).toEqual([
        event({ uid: 'w', cluster: 'd', namespace: '', kind: 'Node', name: 'node-1' }),
      ]);
      expect(await found({ cluster: ['c'], kind: ['Pod', 'Node'] })).toEqual(['u2', 'v7', 'u1', 'x1']);
      expect(await found({ namespace: [''] })).toEqual(['w1']);
      expect(await found({ reason: ["it's"], type: ['Normal'] })).toEqual(['x1']);
      expect(await found({ type: ['Normal'], kind: ['Node'] })).toEqual([]);
      expect(await found({ type: [] })).toHaveLength(5);
      expect(await found({ limit: 2 })).toEqual(['u2', 'v7']);
      expect(await found({ start: T0, end: T0 })).toEqual(['v7', 'u1', 'w1']);
    });

    test('knows how far it is, with what was just appended', async () => {
      const log = given.storage.eventLog!;
      await log.append([event({ cluster: 'e', count: 3, timestamp: T0 + 5000 }), event({ cluster: 'e', uid: 'v' })]);
      await log.append([event({ cluster: 'e', count: 2, timestamp: T0 + 2000 })]);
      const { counts, newest } = await log.recorded('e', 0, NEVER);
      expect([...counts].sort()).toEqual([
        ['u', 3],
        ['v', 1],
      ]);
      expect(newest).toBe(T0 + 5000);
      expect(await log.recorded('e', T0 + 1, NEVER)).toEqual({ counts: new Map([['u', 3]]), newest: T0 + 5000 });
    });

    test('takes all entries or none, and ends with the signal', async () => {
      const wrong = given.storage.eventLog!.append([event({ cluster: 'f' }), event({ cluster: 'f', timestamp: 1.5 })]);
      await expect(wrong).rejects.toMatchObject({ kind: 'bad_data' });
      expect((await given.storage.eventLog!.recorded('f', 0, NEVER)).newest).toBe(0);
      await expect(given.storage.eventLog!.find(everything, AbortSignal.abort())).rejects.toMatchObject({
        kind: 'canceled',
      });
    });
  });

  describe('the notification log', () => {
    const then = T0 - 3 * 86_400_000;
    const around = { start: then, end: then + 3_600_000, limit: 100 };
    const event = (part: Partial<NotificationEvent>): NotificationEvent => ({
      timestamp: then,
      receiver: 'team',
      integration: 'webhook/0',
      groupKey: '{}:{alertname="A"}',
      groupLabels: Labels.from({ alertname: 'A' }),
      status: 'firing',
      outcome: 'delivered',
      reason: '',
      attempts: 1,
      duration: 12.5,
      repeats: 0,
      firing: ['aa'],
      resolved: [],
      ...part,
    });
    const found = async (filter: Partial<NotificationFilter>) =>
      (await given.storage.notificationLog.find({ ...around, ...filter }, NEVER)).map((one) => one.repeats);
    const reason = 'it\'s "down"\n\\é';

    beforeAll(async () => {
      await given.storage.notificationLog.append([]);
      await given.storage.notificationLog.append([
        event({}),
        event({ timestamp: then + 2000, repeats: 2, firing: ['aa', 'bb'], resolved: ['cc'] }),
        event({ timestamp: then + 3000, repeats: 3, outcome: 'failed', reason, attempts: 4, firing: [] }),
      ]);
      await given.storage.notificationLog.append([
        event({
          timestamp: then + 1000,
          repeats: 1,
          receiver: 'boss',
          status: 'resolved',
          firing: [],
          resolved: ['aa'],
        }),
        event({ timestamp: then + 2000, repeats: 4, integration: 'webhook/1', groupLabels: Labels.EMPTY }),
      ]);
    });

    test('gives the newest that was delivered, of each receiver, integration and group', async () => {
      const latest = await given.storage.notificationLog.latest(then, NEVER);
      expect(latest.map((one) => `${one.receiver} ${one.integration} ${one.repeats}`).sort()).toEqual([
        'boss webhook/0 1',
        'team webhook/0 2',
        'team webhook/1 4',
      ]);
      const [team] = latest.filter((one) => one.repeats === 2);
      const wanted = event({ timestamp: then + 2000, repeats: 2, firing: ['aa', 'bb'], resolved: ['cc'] });
      expect({ ...team, groupLabels: team!.groupLabels.toString() }).toEqual({
        ...wanted,
        groupLabels: wanted.groupLabels.toString(),
      });
      expect(await given.storage.notificationLog.latest(then + 2001, NEVER)).toEqual([]);
    });

    test('of one millisecond gives the one appended last', async () => {
      const of = { groupKey: 'same millisecond', timestamp: then + 5000 };
      await given.storage.notificationLog.append([event({ ...of, repeats: 5 }), event({ ...of, repeats: 6 })]);
      await given.storage.notificationLog.append([event({ ...of, repeats: 7 })]);
      expect((await given.storage.notificationLog.latest(then + 5000, NEVER)).map((one) => one.repeats)).toEqual([7]);
    });

    test('is found the newest first, by what is asked for', async () => {
      await given.storage.flush(NEVER);
      const early = { end: then + 4000 };
      expect(await found(early)).toEqual([3, 4, 2, 1, 0]);
      expect(await found({ ...early, receiver: ['boss', "it's"] })).toEqual([1]);
      expect(await found({ ...early, outcome: ['failed', 'refused'] })).toEqual([3]);
      expect(await found({ ...early, fingerprint: ['cc'] })).toEqual([2]);
      expect(await found({ ...early, fingerprint: ['aa'], receiver: ['team'] })).toEqual([4, 2, 0]);
      expect(await found({ ...early, limit: 2 })).toEqual([3, 4]);
      expect(await found({ start: then + 1000, end: then + 1000 })).toEqual([1]);
      const [failed, next] = await given.storage.notificationLog.find({ ...around, ...early }, NEVER);
      expect(failed).toMatchObject({
        reason,
        attempts: 4,
        duration: 12.5,
        firing: [],
        resolved: [],
        outcome: 'failed',
      });
      expect(next!.groupLabels.size).toBe(0);
      expect(await found({ ...early, before: next })).toEqual([2, 1, 0]);
    });

    test('takes all events or none', async () => {
      const wrong = given.storage.notificationLog.append([event({ receiver: 'w' }), event({ attempts: 1.5 })]);
      await expect(wrong).rejects.toMatchObject({ kind: 'bad_data', message: expect.stringContaining('attempts') });
      await given.storage.flush(NEVER);
      expect(await found({ receiver: ['w'] })).toEqual([]);
    });
  });

  describe('the document log', () => {
    const document = (part: Partial<DocumentVersion>): DocumentVersion => ({
      kind: 'policy',
      id: 'a',
      version: 1,
      timestamp: T0,
      author: 'somebody',
      body: '{"text":"it\'s \\n \\"quoted\\" é"}',
      isDeleted: false,
      ...part,
    });
    const add = (part: Partial<DocumentVersion>) => given.storage.documentLog.append(document(part));
    const latest = async (kind: string) =>
      (await given.storage.documentLog.latest(kind, NEVER)).map(({ id, version }) => `${id}${version}`);

    test('gives the newest version of each document that is not deleted, and all versions of one', async () => {
      expect(await latest('policy')).toEqual([]);
      expect(await add({ id: 'b' })).toBe(true);
      expect(await add({})).toBe(true);
      expect(await add({ version: 2, body: 'new', author: 'another', timestamp: T0 + 5 })).toBe(true);
      expect(await add({ kind: 'silence', id: "it's" })).toBe(true);
      expect(await latest('policy')).toEqual(['a2', 'b1']);
      expect(await given.storage.documentLog.versions('policy', 'a', NEVER)).toEqual([
        document({ version: 2, body: 'new', author: 'another', timestamp: T0 + 5 }),
        document({}),
      ]);
      expect(await add({ id: 'b', version: 2, body: '', isDeleted: true })).toBe(true);
      expect(await latest('policy')).toEqual(['a2']);
      expect((await given.storage.documentLog.versions('policy', 'b', NEVER)).map((one) => one.isDeleted)).toEqual([
        true,
        false,
      ]);
      expect(await add({ id: 'b', version: 3 })).toBe(true);
      expect(await latest('policy')).toEqual(['a2', 'b3']);
      expect(await latest('silence')).toEqual(["it's1"]);
      const written = async (range: { start?: number; end?: number; limit?: number }) =>
        (await given.storage.documentLog.written('policy', { start: T0, end: T0 + 9, limit: 9, ...range }, NEVER)).map(
          ({ id, version }) => `${id}${version}`,
        );
      expect(await written({})).toEqual(['a2', 'a1', 'b3', 'b2', 'b1']);
      expect(await written({ limit: 2 })).toEqual(['a2', 'a1']);
      expect(await written({ start: T0 + 1 })).toEqual(['a2']);
      expect(await written({ start: -2, end: -1 })).toEqual([]);
      expect(await given.storage.documentLog.versions('policy', "it's", NEVER)).toEqual([]);
    });

    test('adds only the version after the newest', async () => {
      const kind = 'in order';
      expect(await add({ kind, version: 2 })).toBe(false);
      expect(await add({ kind })).toBe(true);
      expect(await add({ kind, body: 'again' })).toBe(false);
      expect(await add({ kind, version: 3 })).toBe(false);
      expect(await given.storage.documentLog.versions(kind, 'a', NEVER)).toEqual([document({ kind })]);
    });

    test('of those who write the same version at once, exactly one succeeds', async () => {
      const kind = 'at once';
      for (let version = 1; version <= 3; version++) {
        const told = await Promise.all(Array.from({ length: 6 }, (_, i) => add({ kind, version, body: String(i) })));
        const [newest, ...older] = await given.storage.documentLog.versions(kind, 'a', NEVER);
        expect(told.map((added, i) => added && String(i)).filter((body) => body !== false)).toEqual([newest!.body]);
        expect(older).toHaveLength(version - 1);
      }
    });

    test('takes long bodies, and refuses what is wrong', async () => {
      const body = "é'\\\n".repeat(300_000);
      expect(await add({ kind: 'long', body })).toBe(true);
      expect((await given.storage.documentLog.latest('long', NEVER))[0]!.body === body).toBe(true);
      for (const part of [
        { kind: '' },
        { id: '' },
        { version: 0 },
        { version: 1.5 },
        { timestamp: Number.NaN },
        { body: 'x'.repeat(5_000_000) },
      ]) {
        await expect(add({ kind: 'wrong', ...part })).rejects.toMatchObject({ kind: 'bad_data' });
      }
    });
  });

  describe('the lease log', () => {
    const claim = (part: Partial<LeaseClaim>) =>
      given.storage.leaseLog!.claim({ name: 'l', holder: 'a', term: 1, sequence: 1, released: false, ...part }, NEVER);
    const read = async (name = 'l') =>
      (await given.storage.leaseLog!.read(name, NEVER)).map(
        ({ holder, term, sequence, released }) => `${holder}${term}:${sequence}${released ? ' released' : ''}`,
      );

    test('gives the newest claim of each term and holder', async ({ skip }) => {
      if (given.storage.leaseLog === undefined) skip('one process has this store');
      expect(await read()).toEqual([]);
      await claim({});
      await claim({ sequence: 2 });
      expect(await read()).toEqual(['a1:2']);
      await claim({ name: "other's", holder: "it's", term: 7 });
      await claim({ holder: 'b', term: 2 });
      await claim({ sequence: 4 });
      await claim({ sequence: 3 });
      expect(await read()).toEqual(['b2:1', 'a1:4']);
      await claim({ holder: 'b', term: 2, sequence: 2, released: true });
      await claim({ holder: 'c', term: 2, sequence: 2 });
      expect(await read()).toEqual(['c2:2', 'b2:2 released', 'a1:4']);
      expect(await read("other's")).toEqual(["it's7:1"]);
      const [other] = await given.storage.leaseLog!.read("other's", NEVER);
      expect(Math.abs(other!.renewedAt - Date.now())).toBeLessThan(60_000);
    });

    test('of those who take a term at once keeps one', async ({ skip }) => {
      if (given.storage.leaseLog === undefined) skip('one process has this store');
      const name = 'at once';
      await Promise.all(['a', 'b', 'c', 'd'].map((holder) => claim({ name, holder })));
      const first = await read(name);
      expect(first).toHaveLength(1);
      await claim({ name, holder: 'e', sequence: 2 });
      await claim({ name, holder: 'f' });
      expect(await read(name)).toHaveLength(2);
    });
  });
}
