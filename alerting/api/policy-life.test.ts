import fastify from 'fastify';
import pino from 'pino';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { SMALL_CATALOGUE } from '../policies/catalogue.case.ts';
import { MINUTE, POD, PolicyBed, START } from '../policies/policy-bed.case.ts';
import { PolicySet } from '../policies/policy-set.ts';
import { PolicyStore } from '../policies/policy-store.ts';
import { Silences } from '../silences/silences.ts';
import { MemoryBoard } from './memory-board.case.ts';
import { policySection } from './policy-endpoints.ts';
import { registerAlertingApi } from './server.ts';

const METRIC = 'k8s_pod_cpu_core_used';

it('plays the life of a policy over the API: dry run, N periods, a change, the end', async () => {
  const bed = new PolicyBed([]);
  const { clock, storage } = bed;
  const logger = pino({ level: 'silent' });
  const context = () => ({ catalogue: SMALL_CATALOGUE });
  const set = new PolicySet({ onChange: (policies) => bed.apply(policies) });
  const store = new PolicyStore({
    log: storage.documentLog,
    context,
    clock,
    logger,
    onChange: (stored) =>
      set.set(
        'api',
        stored.flatMap(({ policy }) => policy ?? []),
      ),
  });
  await store.load(new AbortController().signal);
  const app = fastify();
  const registry = new Registry();
  registerAlertingApi(app, {
    board: new MemoryBoard({ clock, silencedBy: () => [], receivers: {}, config: '' }),
    silences: new Silences({ log: storage.documentLog, clock, logger, registry }),
    clock,
    logger,
    registry,
    version: '1',
    startTime: START,
    sections: [policySection({ policies: set, store, engine: bed.engine, context, clock, logger })],
  });
  const ask = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object, etag = '') => {
    const headers = {
      ...(payload && { 'content-type': 'application/json' }),
      ...(etag !== '' && { 'if-match': etag }),
    };
    const answer = await app.inject({ method, url: `/api/v1/policies${url}`, headers, ...(payload && { payload }) });
    expect(answer.json()).toMatchObject({ status: 'success' });
    return { data: answer.json().data, etag: String(answer.headers.etag) };
  };
  const state = async () => (await ask('GET', '/cpu/state')).data;
  const series = { __name__: METRIC, ...POD };

  bed.engine.start();
  await bed.minutes([1, 3, 3, 3, 1, 1], series);
  const conditions = [{ metric: METRIC, operator: 'gt', thresholds: { warn: 2, serious: 4 }, periods: 2 }];
  const policy = { id: 'cpu', name: 'Cpu', level: 'pod', conditions };
  const { data: dry } = await ask('POST', '/preview?days=1', policy);
  expect(dry).toMatchObject({ objects: 1, firing: 0, fired: 1, now: [], isTruncated: false });
  expect(dry.episodes).toEqual([
    {
      object: POD,
      startsAt: new Date(START + 3 * MINUTE).toISOString(),
      endsAt: new Date(START + 5 * MINUTE).toISOString(),
      severity: 'warn',
      value: 3,
      endValue: 1,
      condition: 0,
      isNoData: false,
    },
  ]);

  const created = await ask('POST', '', policy);
  await bed.minutes([3], series);
  expect(await state()).toMatchObject({
    firing: 0,
    pending: 1,
    notFine: [{ state: 'pending', value: 3, breachedPeriods: 1 }],
  });
  await bed.minutes([3], series);
  expect(await state()).toMatchObject({
    isEvaluated: true,
    objects: 1,
    firing: 1,
    total: 1,
    notFine: [{ object: POD, state: 'firing', severity: 'warn', value: 3, threshold: 2, metric: METRIC }],
  });
  await bed.minutes([5, 5], series);
  const [listed] = (await ask('GET', '?firing=true&sort=-severity')).data.policies;
  expect(listed).toMatchObject({ id: 'cpu', severity: 'serious', state: { firing: 1, health: 'ok' } });

  const changed = await ask(
    'PUT',
    '/cpu',
    { ...policy, conditions: [{ ...conditions[0], thresholds: { warn: 9 } }] },
    created.etag,
  );
  await bed.minutes([5], series);
  expect(await state()).toMatchObject({ firing: 0, pending: 0, notFine: [] });
  await ask('DELETE', '/cpu', undefined, changed.etag);
  await bed.minutes([9], series);
  expect((await app.inject('/api/v1/policies/cpu/state')).statusCode).toBe(404);
  expect((await ask('GET', '')).data).toEqual({ policies: [], total: 0 });
  await bed.stop();
  await app.close();
});
