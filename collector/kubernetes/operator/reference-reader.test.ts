import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubeError } from '../kube-client.ts';
import { ManualClock } from './manual-clock.case.ts';
import { MAX_REFERENCED, ReferenceReader } from './reference-reader.ts';
import type { Reference } from './references.ts';

const PASSWORD: Reference = { kind: 'Secret', namespace: 'team', name: 'login', key: 'password' };
const USER: Reference = { ...PASSWORD, key: 'user' };
const CA: Reference = { kind: 'ConfigMap', namespace: 'team', name: 'ca', key: 'ca.crt' };

const base64 = (text: string): string => Buffer.from(text).toString('base64');

let clock: ManualClock;
let reader: ReferenceReader;
let objects: Map<string, unknown>;
let asked: string[];
let changes: string[];
let failures: number;

beforeEach(() => {
  clock = new ManualClock();
  objects = new Map();
  asked = [];
  changes = [];
  failures = 0;
  reader = new ReferenceReader({
    client: {
      async get(path) {
        asked.push(path);
        const object = objects.get(path);
        if (object instanceof Error) throw object;
        if (object === undefined) throw new KubeError('not found', { status: 404, reason: 'NotFound' });
        return object;
      },
    },
    clock,
    interval: 30_000,
    onChange: (changed) => changes.push(...changed),
    onFailure: () => failures++,
  });
  login({ user: 'u', password: 'p', other: 'never asked for' }, '1');
});
afterEach(() => reader.close());

const LOGIN = '/api/v1/namespaces/team/secrets/login';

function login(values: Readonly<Record<string, string>>, resourceVersion: string): void {
  const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, base64(value)]));
  objects.set(LOGIN, { metadata: { resourceVersion }, data });
}

function read(reference: Reference): string {
  const resolved = reader.resolve(reference);
  return resolved.state === 'known' ? resolved.value.reveal() : JSON.stringify(resolved);
}

describe('what objects refer to', () => {
  it('is read by name, once for all that name it, and found again when it was rotated', async () => {
    expect(reader.resolve(PASSWORD)).toEqual({ state: 'pending' });
    reader.keep([PASSWORD, USER, PASSWORD]);
    await clock.advance(0);
    expect(asked).toEqual([LOGIN]);
    expect([read(USER), read(PASSWORD)]).toEqual(['u', 'p']);
    expect(changes).toEqual(['Secret team/login']);

    await clock.advance(40_000);
    expect(asked).toHaveLength(2);
    expect(changes).toHaveLength(1);
    login({ user: 'u', password: 'new' }, '2');
    await clock.advance(40_000);
    expect(read(PASSWORD)).toBe('new');
    expect(changes).toHaveLength(2);
    // Another key has changed, which nobody asked for.
    login({ user: 'u', password: 'new', other: 'x' }, '3');
    await clock.advance(40_000);
    expect(changes).toHaveLength(2);
  });

  it('may be text or bytes in a ConfigMap', async () => {
    const path = '/api/v1/namespaces/team/configmaps/ca';
    objects.set(path, {
      metadata: { resourceVersion: '1' },
      data: { 'ca.crt': 'PEM' },
      binaryData: { b: base64('bin') },
    });
    reader.keep([CA, { ...CA, key: 'b' }]);
    await clock.advance(0);
    expect([read(CA), read({ ...CA, key: 'b' })]).toEqual(['PEM', 'bin']);
  });

  it('stays what it was when it cannot be read any more, and says so', async () => {
    reader.keep([PASSWORD]);
    await clock.advance(0);
    objects.set(LOGIN, new KubeError('connection refused', { status: 0 }));
    await clock.advance(40_000);
    expect(reader.resolve(PASSWORD)).toMatchObject({
      state: 'known',
      problem: 'it cannot be read: connection refused',
    });
    expect(read(PASSWORD)).toBe('p');
    expect(changes).toHaveLength(2);
    const before = failures;
    await clock.advance(40_000);
    expect(failures).toBeGreaterThan(before);
    expect(changes).toHaveLength(2);
    login({ user: 'u', password: 'p' }, '1');
    await clock.advance(40_000);
    expect(reader.resolve(PASSWORD)).toMatchObject({ state: 'known', problem: undefined });
    expect(changes).toHaveLength(3);
  });

  it.each<[string, unknown, string]>([
    ['is not there', undefined, 'there is none of this name'],
    [
      'may not be read',
      new KubeError('forbidden', { status: 403 }),
      'it may not be read: it needs a Role in namespace team with the rule {apiGroups: [""], resources: ["secrets"], resourceNames: ["login"], verbs: ["get"]}',
    ],
    [
      'lacks the key',
      { metadata: { resourceVersion: '1' }, data: { user: 'dQ==' } },
      'it has no key "password"; it has user',
    ],
    ['is empty', { metadata: { resourceVersion: '1' } }, 'it has no key "password"; it has none'],
  ])('has failed when it %s, and is tried again', async (_, object, problem) => {
    if (object === undefined) objects.delete(LOGIN);
    else objects.set(LOGIN, object);
    reader.keep([PASSWORD]);
    await clock.advance(0);
    expect(reader.resolve(PASSWORD)).toEqual({ state: 'failed', problem });
    login({ password: 'p' }, '2');
    await clock.advance(40_000);
    expect(read(PASSWORD)).toBe('p');
  });

  it('is read again at once for a key that was not asked for before, and forgotten when nobody asks', async () => {
    reader.keep([PASSWORD]);
    await clock.advance(0);
    expect(reader.resolve(USER)).toEqual({ state: 'pending' });
    reader.keep([PASSWORD, USER]);
    expect(read(PASSWORD)).toBe('p');
    await clock.advance(0);
    expect(read(USER)).toBe('u');
    reader.keep([]);
    expect(reader.resolve(USER)).toEqual({ state: 'pending' });
    const before = asked.length;
    await clock.advance(100_000);
    expect(asked).toHaveLength(before);
  });

  it('is limited in number', async () => {
    const many = Array.from({ length: MAX_REFERENCED + 1 }, (_, i) => ({ ...PASSWORD, name: `s${i}` }));
    expect(reader.keep(many)).toBe(true);
    expect(reader.resolve(many.at(-1)!)).toMatchObject({
      state: 'failed',
      problem: expect.stringContaining('more than 2000'),
    });
    expect(reader.resolve(many[0]!)).toEqual({ state: 'pending' });
    expect(reader.keep([PASSWORD])).toBe(false);
  });

  it('is not asked for any more after closing', async () => {
    reader.keep([PASSWORD]);
    await clock.advance(0);
    reader.close();
    await clock.advance(100_000);
    expect(asked).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});
