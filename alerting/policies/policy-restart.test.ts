import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MINUTE, PolicyBed, policy, recordingStorage, type Step, series, started } from './policy-bed.case.ts';

const OTHER = 'k8s_pod_rate_mem_usage_limit';

describe('a restart', () => {
  it('goes on with what fires, and tells it as before', async () => {
    const bed = await started({ conditions: [{ thresholds: { warn: 80, serious: 90 } }] });
    await bed.minutes([95]);
    const [before] = bed.told;
    await bed.restart();
    await bed.minutes([96]);
    expect(await bed.transitions()).toEqual([[1, 'firing serious']]);
    expect(bed.told).toMatchObject([
      { key: before!.key, startsAt: before!.startsAt, status: 'firing', subject: { value: 96 } },
    ]);
    await bed.restart();
    await bed.minutes([10]);
    expect(bed.told).toMatchObject([{ key: before!.key, startsAt: before!.startsAt, status: 'resolved' }]);
  });

  it('ends the series of an alert that ended meanwhile', async () => {
    const bed = await started();
    await bed.minutes([95]);
    await bed.stop();
    await bed.minutes([10]);
    await bed.restart();
    expect((await bed.samples('ALERTS')).map(([, times]) => times)).toEqual([[1, 'stale']]);
  });

  it('begins with a long past of one policy without keeping the others waiting', async () => {
    const bed = new PolicyBed([
      policy({ id: 'long', conditions: [{ period: 720 * MINUTE }] }),
      policy({ id: 'short', name: 'Short' }),
    ]);
    await bed.minutes([95]);
    bed.engine.start();
    await bed.clock.advance(0);
    await bed.minutes([95]);
    expect(bed.engine.snapshots().map(({ id, health, firing }) => ({ id, health, firing }))).toEqual([
      { id: 'long', health: 'ok', firing: 0 },
      { id: 'short', health: 'ok', firing: 1 },
    ]);
    bed.clock.jump(720 * MINUTE);
    await bed.minutes([95]);
    expect(bed.engine.snapshots()[0]).toMatchObject({ id: 'long', firing: 1 });
  });

  it('tells an end again that may not have been told', async () => {
    const bed = await started();
    await bed.minutes([95, 10]);
    await bed.stop();
    bed.rounds.length = 0;
    await bed.restart();
    await bed.minutes([10]);
    expect(bed.told).toMatchObject([{ status: 'resolved', subject: { value: 10 } }]);
  });

  it.each([3, 6, 12])('ends no alert about the lack of data of %i minutes', async (silent) => {
    const bed = await started({ noData: { mode: 'alert', after: 2 * MINUTE, severity: 'warn' } });
    await bed.minutes([10]);
    for (let minute = 0; minute < silent; minute++) await bed.minute([]);
    await bed.restart();
    await bed.minute([]);
    expect(bed.object).toMatchObject({ state: 'noData', firing: true });
    expect(await bed.transitions()).toEqual([[3, 'firing warn']]);
    await bed.minutes([10]);
    expect(await bed.transitions()).toHaveLength(2);
  });

  it('evaluates what it missed', async () => {
    const bed = await started({ conditions: [{ periods: 3 }] });
    await bed.minutes([95]);
    await bed.stop();
    await bed.minutes([95, 95, 10]);
    await bed.restart();
    await bed.minutes([10]);
    expect(await bed.transitions()).toEqual([
      [3, 'firing warn'],
      [4, 'inactive warn'],
    ]);
  });

  it('ends alerts of policies that went meanwhile, after some time', async () => {
    const bed = await started();
    await bed.minutes([95]);
    await bed.stop();
    bed.apply([policy({ id: 'q', name: 'Other', objects: { include: { pod: ['x'] }, exclude: {} } })]);
    await bed.restart();
    await bed.minutes([95, 95, 95, 95]);
    expect((await bed.transitions()).length).toBe(1);
    await bed.minutes([95, 95]);
    expect((await bed.transitions()).map(([, what]) => what)).toEqual(['firing warn', 'inactive warn']);
    expect(bed.rounds.flat()).toContainEqual(expect.objectContaining({ rule: '["policy","p"]', status: 'resolved' }));
  });

  it('tells nobody of such an end before the log has it', async () => {
    const bed = await started();
    await bed.minutes([95]);
    await bed.stop();
    bed.apply([]);
    const { alertLog } = bed.storage;
    const append = alertLog.append.bind(alertLog);
    await bed.restart();
    bed.rounds.length = 0;
    alertLog.append = () => Promise.reject(new Error('full'));
    await bed.minutes([95, 95, 95, 95, 95, 95]);
    expect(bed.rounds.flat()).toEqual([]);
    alertLog.append = append;
    await bed.minutes([95]);
    expect((await bed.transitions()).map(([, what]) => what)).toEqual(['firing warn', 'inactive warn']);
    expect(bed.rounds.flat()).toMatchObject([{ status: 'resolved' }]);
  });

  it('waits with all until the log can be read', async () => {
    const bed = await started();
    await bed.minutes([95]);
    const { alertLog } = bed.storage;
    const latest = alertLog.latest.bind(alertLog);
    alertLog.latest = () => Promise.reject(new Error('away'));
    await bed.restart();
    await bed.minutes([10, 10]);
    expect((await bed.transitions()).length).toBe(1);
    alertLog.latest = latest;
    await bed.minutes([10]);
    expect(await bed.transitions()).toEqual([
      [1, 'firing warn'],
      [2, 'inactive warn'],
    ]);
  });
});

/** Values of a minute: of two metrics of one pod; undefined is none. */
const value = fc.option(fc.constantFrom(10, 70, 85, 95), { nil: undefined, freq: 4 });
const life = fc.oneof({ weight: 8, arbitrary: fc.constant('lives') }, fc.constant('dies'), fc.constant('unmeasured'));
const minutes = fc.array(fc.record({ a: value, b: value, life, restart: fc.boolean(), outage: fc.boolean() }), {
  minLength: 5,
  maxLength: 40,
});
const policies = fc.record({
  mode: fc.constantFrom('ok', 'keep', 'alert'),
  union: fc.constantFrom('any', 'all'),
  periods: fc.integer({ min: 1, max: 3 }),
  outOf: fc.integer({ min: 0, max: 2 }),
  recovery: fc.boolean(),
  second: fc.boolean(),
  longer: fc.boolean(),
  operator: fc.constantFrom('gt', 'increase'),
});

type Minutes = typeof minutes extends fc.Arbitrary<infer T> ? T : never;
type Parts = typeof policies extends fc.Arbitrary<infer T> ? T : never;

function generated({ mode, union, periods, outOf, recovery, second, longer, operator }: Parts) {
  const first = {
    thresholds: { warn: 80, serious: 90 },
    recovery: recovery ? { warn: 60, serious: 80 } : {},
    periods,
    outOf: periods + outOf,
  };
  const other = {
    metric: OTHER,
    operator: operator as 'gt' | 'increase',
    thresholds: { warn: operator === 'gt' ? 60 : 20 },
    period: longer ? 2 * MINUTE : MINUTE,
  };
  return policy({
    union: union as 'any' | 'all',
    noData: { mode: mode as 'ok' | 'keep' | 'alert', after: 3 * MINUTE, severity: 'remind' },
    conditions: second ? [first, other] : [first],
  });
}

/** The log of a run in which the process restarts, and reads fail, as the minutes say; or in which neither happens. */
async function transitions(
  parts: Parts,
  values: Minutes,
  disturbed: boolean,
): Promise<{ steps: Step[]; told: unknown }> {
  let isBroken = false;
  let isDead = false;
  const bed = new PolicyBed([generated(parts)], {
    storage: recordingStorage(),
    read: (reader) => async (requests, take, signal) => {
      if (!isBroken) return reader(requests, take, signal);
      for (const i of requests.keys()) take(i, new Error('away'));
    },
  });
  bed.engine.start();
  await bed.clock.advance(0);
  const last = { a: 10, b: 10, life: 'lives', restart: false, outage: false };
  for (const { a, b, life, restart, outage } of [...values, last]) {
    isBroken = disturbed && outage;
    if (disturbed && restart) await bed.restart();
    // A pod that dies ends all its series; of one whose kubelet does not answer what the watch says goes on.
    isDead = life === 'dies' || (isDead && (life !== 'lives' || a === undefined || b === undefined));
    const of = (value: number | undefined) => (life === 'lives' && !isDead ? value : Number.NaN);
    await bed.minute([
      [series({ __name__: 'k8s_pod_status_ready' }), isDead ? Number.NaN : 1],
      ...(a === undefined ? [] : [[series(), of(a)!] as const]),
      ...(b === undefined ? [] : [[series({ __name__: OTHER }), of(b)!] as const]),
    ]);
  }
  const told = bed.told.map(({ key, status, startsAt, endsAt }) => ({ key, status, startsAt, endsAt }));
  const steps = await bed.transitions();
  await bed.stop();
  return { steps, told };
}

it('gives the same transitions with restarts and missed evaluations as without', async () => {
  await fc.assert(
    fc.asyncProperty(policies, minutes, async (parts, values) => {
      const plain = await transitions(parts, values, false);
      const disturbed = await transitions(parts, values, true);
      expect(disturbed.steps).toEqual(plain.steps);
      expect(disturbed.told).toEqual(plain.told);
    }),
    { numRuns: Number(process.env.POLICY_RUNS ?? 40) },
  );
}, 60_000);
