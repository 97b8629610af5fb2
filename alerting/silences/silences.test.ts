import pino from 'pino';
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { wait } from '../../clock/clock.ts';
import { Labels } from '../../storage/labels.ts';
import { SteppedClock } from '../stepped-clock.case.ts';
import { FaultyDocumentLog } from './faulty-document-log.case.ts';
import { type Silence, silenceState } from './silence.ts';
import { SilenceError } from './silence-error.ts';
import { Silences, type SilencesOptions } from './silences.ts';
import type { WantedSilence } from './wanted-silence.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 0, 1);
const NEVER = new AbortController().signal;
const WEB = Labels.from({ alertname: 'Down', job: 'web' });

let clock: SteppedClock;
let log: FaultyDocumentLog;

beforeEach(() => {
  clock = new SteppedClock(START);
  log = new FaultyDocumentLog();
});

function open(options: Partial<SilencesOptions> = {}): Silences {
  return new Silences({ log, clock, logger: pino({ level: 'silent' }), registry: new Registry(), ...options });
}

function wanted(changes: Partial<WantedSilence> = {}): WantedSilence {
  return {
    id: '',
    matchers: [{ name: 'job', op: '=', value: 'web' }],
    startsAt: clock.now(),
    endsAt: clock.now() + HOUR,
    createdBy: 'ann',
    comment: 'deploy',
    annotations: {},
    ...changes,
  };
}

function stateOf(silences: Silences, id: string): string {
  const silence = silences.get(id);
  return silence === undefined ? 'gone' : silenceState(silence, clock.now());
}

/** What can be asked again later: an earlier answer's silence. */
function again({ matchers, ...silence }: Silence): WantedSilence {
  return { ...silence, matchers: matchers.map(({ name, op, value }) => ({ name, op, value })) };
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SilenceError)) throw new Error(`a SilenceError was expected, got ${String(error)}`);
  return `${error.kind}: ${error.message}`;
}

describe('a silence', () => {
  it('is pending, active and expired by the time alone', async () => {
    const silences = open();
    const { id } = await silences.set(wanted({ startsAt: START + MINUTE, endsAt: START + 2 * MINUTE }));
    expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const seen: string[] = [];
    for (let i = 0; i < 6; i++) {
      seen.push(`${stateOf(silences, id)} ${silences.silencedBy(WEB).length}`);
      await clock.advance(30 * SECOND);
    }
    expect(seen).toEqual(['pending 0', 'pending 0', 'active 1', 'active 1', 'expired 0', 'expired 0']);
    expect(silences.silencedBy(WEB, START + 90 * SECOND)).toEqual([id]);
  });

  it('begins now when it should have begun before', async () => {
    const { startsAt, updatedAt } = await open().set(wanted({ startsAt: START - HOUR }));
    expect([startsAt, updatedAt]).toEqual([START, START]);
  });

  it('mutes what all of its matchers match', async () => {
    const silences = open();
    const matchers = [
      { name: 'job', op: '=~', value: 'w.*' },
      { name: 'instance', op: '=', value: '' },
      { name: 'team', op: '!=', value: 'db' },
    ] as const;
    const { id } = await silences.set(wanted({ matchers }));
    const other = await silences.set(wanted());
    expect(silences.silencedBy(WEB)).toEqual([id, other.id].sort());
    expect(silences.silencedBy(WEB.with('instance', 'a'))).toEqual([other.id]);
    expect(silences.silencedBy(WEB.with('team', 'db'))).toEqual([other.id]);
    expect(silences.silencedBy(Labels.from({ job: 'api' }))).toEqual([]);
  });

  const refused: readonly (readonly [what: string, changes: Partial<WantedSilence>, message: string])[] = [
    ['no matcher', { matchers: [] }, 'invalid silence: at least one matcher required'],
    [
      'only matchers of the empty string',
      {
        matchers: [
          { name: 'a', op: '=~', value: 'x|' },
          { name: 'b', op: '=', value: '' },
        ],
      },
      'invalid silence: matcher set 0: at least one matcher must not match the empty string',
    ],
    [
      'a matcher without a name',
      {
        matchers: [
          { name: 'a', op: '=', value: 'b' },
          { name: '', op: '=', value: 'x' },
        ],
      },
      'invalid silence: invalid label matcher 1 in set 0: invalid label name ""',
    ],
    [
      'a bad pattern',
      { matchers: [{ name: 'a', op: '=~', value: '(' }] },
      'invalid silence: invalid label matcher 0 in set 0: invalid regular expression "(": error parsing regexp: missing closing ): `(`',
    ],
    [
      'half a character',
      { matchers: [{ name: 'a', op: '=', value: '\ud800' }] },
      'invalid silence: invalid label matcher 0 in set 0: invalid label value "\\ud800"',
    ],
    ['an end before its start', { endsAt: START - 1 }, 'Failed to create silence: start time must be before end time'],
    ['an end at its start', { endsAt: START }, 'Failed to create silence: start time must be before end time'],
    [
      'an end in the past',
      { startsAt: START - 2, endsAt: START - 1 },
      "Failed to create silence: end time can't be in the past",
    ],
    ['no end', { endsAt: Number.NaN }, 'Failed to create silence: start time must be before end time'],
  ];
  it.each(refused)('is refused with %s', async (_, changes, message) => {
    expect(await refusal(open().set(wanted(changes)))).toBe(`invalid: ${message}`);
    expect(log.appended).toEqual([]);
  });

  it('may have a negative matcher alone, as in Alertmanager', async () => {
    const silences = open();
    const { id } = await silences.set(wanted({ matchers: [{ name: 'job', op: '!=', value: 'db' }] }));
    expect(silences.silencedBy(WEB)).toEqual([id]);
  });

  it('is refused when it is too large, or one too many', async () => {
    const silences = open({ maxSilences: 2, maxSize: 1000 });
    expect(await refusal(silences.set(wanted({ comment: 'x'.repeat(1000) })))).toMatch(
      /^invalid: silence exceeded maximum size: 1\d{3} bytes \(limit: 1000 bytes\)$/,
    );
    const { id } = await silences.set(wanted());
    await silences.set(wanted());
    expect(await refusal(silences.set(wanted()))).toBe('invalid: exceeded maximum number of silences: 2 (limit: 2)');
    // One that is there can still be changed.
    expect((await silences.set(wanted({ id, endsAt: START + 2 * HOUR }))).id).toBe(id);
  });
});

describe('a change', () => {
  it('of the end or the comment keeps the id of an active silence', async () => {
    const silences = open();
    const first = await silences.set(wanted());
    await clock.advance(10 * MINUTE);
    const changed = await silences.set({
      ...again(first),
      endsAt: START + 3 * HOUR,
      comment: 'longer',
      createdBy: 'bob',
    });
    expect(changed).toMatchObject({ id: first.id, startsAt: START, endsAt: START + 3 * HOUR, comment: 'longer' });
    expect(silences.list()).toEqual([changed]);
    expect(log.appended.map(({ version, author }) => [version, author])).toEqual([
      [1, 'ann'],
      [2, 'bob'],
    ]);
  });

  const replacing: readonly (readonly [what: string, changes: Partial<WantedSilence>])[] = [
    ['of the matchers', { matchers: [{ name: 'job', op: '=', value: 'api' }] }],
    [
      'of the order of matchers',
      {
        matchers: [
          { name: 'x', op: '!=', value: 'y' },
          { name: 'job', op: '=', value: 'web' },
        ],
      },
    ],
    ['of the start', { startsAt: START - SECOND }],
  ];
  it.each(replacing)('%s expires an active silence and makes a new one', async (_, changes) => {
    const silences = open();
    const first = await silences.set(wanted());
    await clock.advance(10 * MINUTE);
    const second = await silences.set({ ...again(first), ...changes });
    expect(second.id).not.toBe(first.id);
    expect(second.startsAt).toBe(START + 10 * MINUTE);
    expect(silences.get(first.id)).toMatchObject({ endsAt: START + 10 * MINUTE });
    expect([stateOf(silences, first.id), stateOf(silences, second.id)]).toEqual(['expired', 'active']);
  });

  it('of a pending silence keeps its id while it begins in the future', async () => {
    const silences = open();
    const first = await silences.set(wanted({ startsAt: START + HOUR, endsAt: START + 2 * HOUR }));
    const later = await silences.set({ ...again(first), startsAt: START + 90 * MINUTE });
    expect(later).toMatchObject({ id: first.id, startsAt: START + 90 * MINUTE });
    const now = await silences.set({ ...again(later), startsAt: START - 1 });
    expect(now.id).not.toBe(first.id);
    expect(silences.get(first.id)).toMatchObject({ startsAt: START, endsAt: START });
  });

  it('of an expired silence makes a new one', async () => {
    const silences = open();
    const first = await silences.set(wanted());
    await clock.advance(2 * HOUR);
    const second = await silences.set({ ...again(first), endsAt: START + 3 * HOUR });
    expect(second.id).not.toBe(first.id);
    expect(silences.get(first.id)).toEqual(first);
  });

  it('of what is not there is not_found', async () => {
    const silences = open();
    const id = '00000000-0000-4000-8000-000000000000';
    expect(await refusal(silences.set(wanted({ id })))).toBe('not_found: silence not found');
    expect(await refusal(silences.expire(id))).toBe('not_found: silence not found');
  });

  it('leaves nothing unmuted in between', async () => {
    const silences = open();
    const first = await silences.set(wanted());
    let during: readonly string[] = [];
    log.beforeAppend = async () => {
      log.beforeAppend = async () => {
        during = silences.silencedBy(WEB);
      };
    };
    const second = await silences.set({ ...again(first), matchers: [{ name: 'alertname', op: '=', value: 'Down' }] });
    expect(during).toEqual([first.id, second.id].sort());
    expect(silences.silencedBy(WEB)).toEqual([second.id]);
  });
});

describe('expire', () => {
  it('ends an active silence now, a pending one before it began, and an expired one not again', async () => {
    const silences = open();
    const active = await silences.set(wanted());
    const pending = await silences.set(wanted({ startsAt: START + HOUR, endsAt: START + 2 * HOUR }));
    await clock.advance(MINUTE);
    for (const { id } of [active, pending]) await silences.expire(id);
    await clock.advance(MINUTE);
    await silences.expire(active.id);
    const end = START + MINUTE;
    expect(silences.get(active.id)).toMatchObject({ startsAt: START, endsAt: end, updatedAt: end });
    expect(silences.get(pending.id)).toMatchObject({ startsAt: end, endsAt: end, updatedAt: end });
    expect(silences.silencedBy(WEB)).toEqual([]);
    expect(log.appended).toHaveLength(4);
  });
});

describe('the store', () => {
  it('has a silence before the answer does, with its history', async () => {
    const silences = open();
    const { id } = await silences.set(wanted({ annotations: { ticket: 'T-1' } }));
    await clock.advance(MINUTE);
    await silences.expire(id);
    const versions = await log.versions('silence', id, NEVER);
    expect(
      versions.map(({ version, timestamp, author, isDeleted }) => ({ version, timestamp, author, isDeleted })),
    ).toEqual([
      { version: 2, timestamp: START + MINUTE, author: '', isDeleted: false },
      { version: 1, timestamp: START, author: 'ann', isDeleted: false },
    ]);
    expect(JSON.parse(versions[1]!.body)).toEqual({
      id,
      matchers: [{ isEqual: true, isRegex: false, name: 'job', value: 'web' }],
      startsAt: '2026-01-01T00:00:00.000Z',
      endsAt: '2026-01-01T01:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
      createdBy: 'ann',
      comment: 'deploy',
      annotations: { ticket: 'T-1' },
    });
  });

  it('that is down refuses changes and leaves what was read', async () => {
    const silences = open();
    await silences.start();
    const { id } = await silences.set(wanted());
    log.isDown = true;
    expect(await refusal(silences.set(wanted()))).toBe(
      'unavailable: the silences cannot be reached: the store does not answer',
    );
    expect(await refusal(silences.expire(id))).toMatch(/^unavailable: /);
    await clock.advance(MINUTE);
    expect(silences.silencedBy(WEB)).toEqual([id]);
    log.isDown = false;
    await silences.expire(id);
    expect(silences.silencedBy(WEB)).toEqual([]);
    await silences.stop();
  });

  it('that is down at the start is read as soon as it answers', async () => {
    const { id } = await open().set(wanted());
    const silences = open({ pollInterval: HOUR });
    log.isDown = true;
    await silences.start();
    expect([silences.isRead, silences.list()]).toEqual([false, []]);
    log.isDown = false;
    await clock.advance(2 * SECOND);
    expect([silences.isRead, silences.silencedBy(WEB)]).toEqual([true, [id]]);
    await silences.stop();
  });

  it('gives another instance, and the next run, what was changed', async () => {
    const [one, other] = [open(), open()];
    await other.start();
    const { id } = await one.set(wanted());
    expect(other.silencedBy(WEB)).toEqual([]);
    await clock.advance(2 * SECOND);
    expect(other.silencedBy(WEB)).toEqual([id]);
    await other.expire(id);
    await other.stop();
    const next = open();
    await next.start();
    expect(stateOf(next, id)).toBe('expired');
    await next.stop();
  });

  it('is asked for a silence that another instance made just now', async () => {
    const [one, other] = [open(), open()];
    const { id } = await one.set(wanted());
    await other.expire(id);
    expect(stateOf(other, id)).toBe('expired');
  });

  it('takes one of two changes at once, and the other on top of it', async () => {
    const [one, other] = [open(), open()];
    const first = await one.set(wanted());
    await other.start();
    log.beforeAppend = () => other.set({ ...again(first), comment: 'of the other' });
    const changed = await one.set({ ...again(first), comment: 'of the one' });
    expect(changed).toMatchObject({ id: first.id, comment: 'of the one' });
    const versions = await log.versions('silence', first.id, NEVER);
    expect(versions.map(({ body }) => (JSON.parse(body) as Silence).comment)).toEqual([
      'of the one',
      'of the other',
      'deploy',
    ]);
    await other.stop();
  });

  it('does not undo a change that is newer than what is being read', async () => {
    const silences = open();
    await silences.start();
    const latest = log.latest.bind(log);
    let id = '';
    log.latest = async (kind, signal) => {
      const documents = await latest(kind, signal);
      log.latest = latest;
      ({ id } = await silences.set(wanted()));
      return documents;
    };
    await clock.advance(2 * SECOND);
    expect(silences.silencedBy(WEB)).toEqual([id]);
    await silences.stop();
  });

  it('is asked less often when it is slow', async () => {
    const silences = open();
    const latest = log.latest.bind(log);
    log.latest = async (kind, signal) => {
      await wait(clock, 3 * SECOND, new AbortController().signal);
      return latest(kind, signal);
    };
    const started = silences.start();
    await clock.advance(3 * SECOND);
    await started;
    await clock.advance(5 * MINUTE);
    // The second one comes after two seconds, the others after a minute each.
    expect(log.reads).toBeLessThanOrEqual(7);
    expect(log.reads).toBeGreaterThanOrEqual(5);
    await silences.stop();
  });

  it('keeps the history of what the list forgets after 120 hours', async () => {
    const silences = open({ pollInterval: MINUTE });
    await silences.start();
    const { id } = await silences.set(wanted());
    await clock.advance(HOUR + 119 * HOUR);
    expect(stateOf(silences, id)).toBe('expired');
    await clock.advance(HOUR + MINUTE);
    expect(stateOf(silences, id)).toBe('gone');
    expect(await refusal(silences.expire(id))).toBe('not_found: silence not found');
    expect(await log.latest('silence', NEVER)).toEqual([]);
    expect(await log.versions('silence', id, NEVER)).toHaveLength(2);
    await silences.stop();
  });

  it('may hold what cannot be read, which then does not count', async () => {
    const silences = open();
    const document = { kind: 'silence', id: 'x', version: 1, timestamp: START, author: '', isDeleted: false };
    await log.append({ ...document, body: '{"id":"x"}' });
    const { id } = await silences.set(wanted());
    await silences.start();
    expect(silences.list().map((silence) => silence.id)).toEqual([id]);
    await silences.stop();
  });
});
