import pino from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DocumentLog } from '../../storage/document-log.ts';
import { StorageError } from '../../storage/errors.ts';
import { createMemoryStorage } from '../../storage/memory.ts';
import { SteppedClock } from '../stepped-clock.case.ts';
import { SMALL_CATALOGUE } from './catalogue.case.ts';
import type { AlertPolicy } from './policy.ts';
import { PolicyStore, type StoredPolicy } from './policy-store.ts';
import { readPolicy } from './read-policy.ts';

const signal = new AbortController().signal;
const context = () => ({ catalogue: SMALL_CATALOGUE });

function policy(id: string, name = id): AlertPolicy {
  const conditions = [{ metric: 'k8s_pod_cpu_core_used', operator: 'gt', threshold: 1 }];
  return readPolicy({ id, name, level: 'pod', conditions }, { form: 'camel', source: 'api', ...context() }).policy!;
}

let log: DocumentLog;
let told: string[];
let clock: SteppedClock;

beforeEach(() => {
  log = createMemoryStorage().documentLog;
  told = [];
  clock = new SteppedClock(1_000);
});

function open(own: DocumentLog = log): PolicyStore {
  const onChange = (policies: readonly StoredPolicy[]) =>
    told.push(policies.map(({ id, version }) => `${id}${version}`).join(' '));
  return new PolicyStore({ log: own, context, clock, logger: pino({ level: 'silent' }), onChange });
}

describe('the policies of the API', () => {
  it('are kept, with their versions', async () => {
    const store = open();
    const created = await store.create(policy('b'), 'ann', signal);
    expect(created).toMatchObject({
      id: 'b',
      version: 1,
      author: 'ann',
      updatedAt: 1_000,
      problems: [],
      policy: policy('b'),
    });
    await store.create(policy('a'), '', signal);
    await store.update(policy('b', 'B'), 1, 'bob', signal);
    expect(await store.delete('a', 1, 'bob', signal)).toBe('deleted');
    expect(told).toEqual(['b1', 'a1 b1', 'a1 b2', 'b2']);
    expect((await store.versions('b', signal)).map(({ version, author }) => `${version} ${author}`)).toEqual([
      '2 bob',
      '1 ann',
    ]);
    expect(await store.versions('a', signal)).toMatchObject([
      { version: 2, isDeleted: true, policy: undefined, author: 'bob' },
      { version: 1, isDeleted: false, policy: { id: 'a' } },
    ]);
    expect(await store.create(policy('a'), '', signal)).toMatchObject({ version: 3 });

    const other = open();
    await other.load(signal);
    expect(other.all().map(({ id, policy: read }) => [id, read?.name])).toEqual([
      ['a', 'a'],
      ['b', 'B'],
    ]);
    expect(other.get('b')?.policy).toEqual(policy('b', 'B'));
    await other.load(signal);
    expect(told.at(-1)).toBe('a3 b2');
    expect(told).toHaveLength(6);
  });

  it('are written by one of two who do it at once', async () => {
    const [one, two] = [open(), open()];
    expect(await Promise.all([one.create(policy('a'), '1', signal), two.create(policy('a'), '2', signal)])).toEqual([
      expect.objectContaining({ version: 1 }),
      'exists',
    ]);
    expect(two.get('a')?.author).toBe('1');
    expect(
      await Promise.all([one.update(policy('a', '1'), 1, '1', signal), two.update(policy('a', '2'), 1, '2', signal)]),
    ).toEqual([expect.objectContaining({ version: 2 }), 'changed']);
    // What somebody else wrote is known then.
    expect(two.get('a')).toMatchObject({ version: 2, author: '1' });
    expect(await one.delete('a', 2, '', signal)).toBe('deleted');
    expect(await two.delete('a', 2, '', signal)).toBe('changed');
    expect([await two.delete('a', 2, '', signal), await two.update(policy('a'), 2, '', signal)]).toEqual([
      'gone',
      'gone',
    ]);
    expect([await one.create(policy('a'), '', signal), await one.update(policy('a'), 1, '', signal)]).toEqual([
      expect.objectContaining({ version: 4 }),
      'changed',
    ]);
  });

  it('are read anew when it is not clear whether a write was done', async () => {
    let failing = true;
    const unsure: DocumentLog = {
      append: async (version) => {
        const done = await log.append(version);
        if (failing) throw new StorageError('unavailable', 'no answer');
        return done;
      },
      latest: (...of) => log.latest(...of),
      versions: (...of) => log.versions(...of),
      written: (...of) => log.written(...of),
    };
    const store = open(unsure);
    await expect(store.create(policy('a'), '', signal)).rejects.toThrow('no answer');
    failing = false;
    expect(await store.create(policy('a'), '', signal)).toBe('exists');
    expect(store.get('a')?.version).toBe(1);
    failing = true;
    await expect(store.delete('a', 1, '', signal)).rejects.toThrow('no answer');
    failing = false;
    expect(await store.update(policy('a'), 1, '', signal)).toBe('gone');
  });

  it('that are not valid any more say so, and are not lost', async () => {
    const body = JSON.stringify({ id: 'a', name: 'A', level: 'pod', conditions: [], old: true });
    await log.append({ kind: 'policy', id: 'a', version: 1, timestamp: 1, author: '', body, isDeleted: false });
    await log.append({
      kind: 'policy',
      id: 'b',
      version: 1,
      timestamp: 1,
      author: '',
      body: 'no JSON',
      isDeleted: false,
    });
    const store = open();
    await store.load(signal);
    expect(store.get('a')).toMatchObject({
      policy: undefined,
      body,
      problems: [
        { field: 'old', message: expect.stringContaining('unknown key') },
        { field: 'conditions', message: 'expected a list of 1 to 50 conditions, got 0' },
      ],
    });
    expect(store.get('b')?.problems).toHaveLength(1);
    expect(await store.update(policy('a'), 1, '', signal)).toMatchObject({ version: 2, problems: [] });
    expect((await store.versions('b', signal))[0]?.policy).toBeUndefined();
  });

  it('are followed as other instances write, also after a time in which the store does not answer', async () => {
    const [one, two] = [open(), open()];
    await two.start();
    await one.create(policy('a'), '', signal);
    expect(two.all()).toEqual([]);
    await clock.advance(5_000);
    expect(two.get('a')?.version).toBe(1);
    await two.stop();
    await one.create(policy('b'), '', signal);
    await clock.advance(60_000);
    expect(two.get('b')).toBeUndefined();
    expect(clock.pending).toBe(0);

    let hangs = true;
    const slow: DocumentLog = {
      append: (...of) => (hangs ? new Promise(() => undefined) : log.append(...of)),
      latest: (...of) => (hangs ? new Promise(() => undefined) : log.latest(...of)),
      versions: (...of) => log.versions(...of),
      written: (...of) => log.written(...of),
    };
    const third = open(slow);
    const started = third.start();
    await clock.advance(10_000);
    await started;
    expect(third.all()).toEqual([]);
    const created = third.create(policy('c'), '', signal).catch((error: unknown) => error);
    await clock.advance(10_000);
    expect(await created).toMatchObject({ kind: 'unavailable', message: 'the store has not answered within 10 s' });
    hangs = false;
    await clock.advance(15_000);
    expect(third.all().map(({ id }) => id)).toEqual(['a', 'b']);
    await third.stop();
  });
});
