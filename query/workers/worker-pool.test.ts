import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import type { Answer, Question } from '../api/answer.ts';
import { type QueryEngine, QueryError, type QueryResult } from '../query-result.ts';
import { createLanes } from './lanes.ts';
import { serveQuestions } from './serve-questions.ts';
import { WorkerPool } from './worker-pool.ts';

const never = new AbortController().signal;
const STATS = { samplesRead: 1, seriesRead: 1, peakSamples: 1, preparation: 0, evaluation: 0 };

function resultOf(value: QueryResult['value']): QueryResult {
  return { value, warnings: ['careful'], infos: [], stats: STATS };
}

function matrix(points: number): QueryResult {
  const timestamps = Float64Array.from({ length: points }, (_, i) => 1000 * i);
  return resultOf({
    type: 'matrix',
    series: [{ labels: Labels.from({ __name__: 'm', a: 'ü' }), timestamps, values: timestamps.map((t) => t / 8) }],
  });
}

function questionOf(expr: string): Question {
  return { request: { kind: 'instant', expr, time: 0 }, limit: 0, stats: 'none', queued: 0 };
}

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** A pool whose threads are the other ends of channels in this one: what is sent is cloned and transferred all the same. */
function poolOf(answers: (expr: string, signal: AbortSignal) => Promise<QueryResult>, size = 1) {
  const engine: QueryEngine = {
    instant: ({ expr }, signal) => answers(expr, signal),
    range: ({ expr }, signal) => answers(expr, signal),
  };
  const defects: string[] = [];
  const exits: ((reason: string) => void)[] = [];
  const pool = new WorkerPool({
    size,
    start: () => {
      const { port1, port2 } = new MessageChannel();
      ports.push(port1, port2);
      serveQuestions(port2, engine);
      let exit = (_: string) => {};
      exits.push((reason) => exit(reason));
      return { port: port1, onExit: (listener) => (exit = listener), terminate: async () => exit('it was stopped') };
    },
    onDefect: (message) => defects.push(message),
  });
  return { pool, defects, exits };
}

async function textOf({ chunks }: Answer): Promise<string> {
  let text = '';
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    text += typeof next.value === 'string' ? next.value : Buffer.from(next.value).toString();
  }
  return text;
}

describe('a pool', () => {
  it('gives the text of an answer, however long it is', async () => {
    const { pool } = poolOf(async () => matrix(200_000));
    const answer = await pool.answer(questionOf('m'), never);
    expect(answer.stats).toEqual(STATS);
    const { status, data, warnings } = JSON.parse(await textOf(answer));
    expect([status, warnings]).toEqual(['success', ['careful']]);
    expect(data.result[0].metric).toEqual({ __name__: 'm', a: 'ü' });
    expect(data.result[0].values).toHaveLength(200_000);
    expect(data.result[0].values[199_999]).toEqual([199_999, '24999875']);
  });

  it('gives the result itself', async () => {
    const vector = resultOf({
      type: 'vector',
      samples: [{ labels: Labels.from({ __name__: 'm', a: '1' }), timestamp: 7, value: Number.NaN }],
    });
    for (const result of [vector, matrix(3), resultOf({ type: 'scalar', timestamp: 1, value: -0 })]) {
      const { pool } = poolOf(async () => result);
      const got = await pool.evaluate(questionOf('m'), never);
      expect(got).toEqual(result);
      if (got.value.type === 'vector') expect(got.value.samples[0]!.labels.get('a')).toBe('1');
    }
  });

  it('passes errors on, and keeps the cause of a defect for the log', async () => {
    const { pool, defects } = poolOf(async (expr) => {
      throw expr === 'user' ? new QueryError('execution', 'too much') : new TypeError('x is no function');
    });
    await expect(pool.answer(questionOf('user'), never)).rejects.toMatchObject({
      type: 'execution',
      message: 'too much',
    });
    expect(defects).toEqual([]);
    const internal = { type: 'internal', message: 'the query failed for a reason that is in the log' };
    await expect(pool.evaluate(questionOf('defect'), never)).rejects.toMatchObject(internal);
    expect(defects).toEqual([expect.stringContaining('x is no function')]);
  });

  it('cancels what is asked for no longer, while it is computed and while it is read', async () => {
    let seen: unknown;
    const { pool } = poolOf((expr, signal) => {
      if (expr === 'done') return Promise.resolve(matrix(500_000));
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject((seen = signal.reason))));
    });
    const controller = new AbortController();
    const asked = pool.answer(questionOf('hangs'), controller.signal);
    const reason = new QueryError('timeout', 'query timed out in query execution');
    setTimeout(() => controller.abort(reason), 5);
    await expect(asked).rejects.toBe(reason);
    await expect.poll(() => seen).toMatchObject({ type: 'timeout', message: reason.message });

    const { chunks } = await pool.answer(questionOf('done'), never);
    await chunks.next();
    await chunks.return!();
    // The worker has given up the first answer, or it could not begin another.
    expect((await pool.evaluate(questionOf('done'), never)).value.type).toBe('matrix');
  });

  it('starts another thread when one has died, whose questions fail', async () => {
    const { pool, defects, exits } = poolOf((expr) => (expr === 'hangs' ? new Promise(() => {}) : matrixSoon()));
    const matrixSoon = async () => matrix(1);
    const asked = pool.evaluate(questionOf('hangs'), never);
    exits[0]!('out of memory');
    await expect(asked).rejects.toMatchObject({ type: 'internal', message: expect.stringContaining('out of memory') });
    expect((await pool.evaluate(questionOf('m'), never)).value.type).toBe('matrix');
    expect(exits).toHaveLength(2);
    expect(defects).toEqual([expect.stringContaining('out of memory')]);
  });

  it('has no more threads than it may, and none before it needs one', async () => {
    const { pool, exits } = poolOf(async () => matrix(1), 2);
    expect(exits).toHaveLength(0);
    await Promise.all(Array.from({ length: 5 }, () => pool.evaluate(questionOf('m'), never)));
    expect(exits).toHaveLength(2);
    await pool.close();
    await expect(pool.answer(questionOf('m'), never)).rejects.toMatchObject({ type: 'unavailable' });
  });
});

describe('lanes', () => {
  it('run what is light here and what is heavy in the pool', async () => {
    const ended: string[] = [];
    const local = {
      instant: () => Promise.reject(new Error('not used')),
      range: () => Promise.reject(new Error('not used')),
      prepare: async ({ expr }: { expr: string }) => ({
        work: expr.length,
        run: async () => matrix(1),
        end: () => void ended.push(expr),
      }),
    };
    const { pool } = poolOf(async () => matrix(2));
    const { engine, answer } = createLanes({ local, pool, lightWork: 3 });
    const points = async (expr: string) =>
      JSON.parse(await textOf(await answer(questionOf(expr), never))).data.result[0].values.length;
    expect([await points('abc'), await points('abcd')]).toEqual([1, 2]);
    const { value } = await engine.instant({ expr: 'abcde', time: 0 }, never);
    expect(value.type === 'matrix' && value.series[0]!.values.length).toBe(2);
    expect(ended).toEqual(['abcd', 'abcde']);
  });
});
