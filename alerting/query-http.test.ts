import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpQuery, type HttpQueryOptions } from './query-http.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

type Answer = (response: ServerResponse) => void;
const json =
  (status: number, body: unknown): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const success = (data: unknown): Answer => json(200, { status: 'success', data });
const vector = (result: unknown): Answer => success({ resultType: 'vector', result });

async function setup(answers: Answer[], options: Partial<HttpQueryOptions> = {}) {
  const asked: Record<string, string>[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    asked.push({ path: request.url!, ...Object.fromEntries(new URLSearchParams(text)) });
    (answers.length > 1 ? answers.shift()! : answers[0]!)(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  const query = createHttpQuery({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/prom/`,
    ...options,
  });
  const { signal } = new AbortController();
  return { asked, query: (expr: string) => query(expr, 1_500, signal), raw: query };
}

describe('the HTTP query', () => {
  it('gives the samples of a vector', async () => {
    const { query, asked } = await setup([
      vector([
        { metric: { __name__: 'up', job: 'a' }, value: [1.5, '1'] },
        { metric: {}, value: [1.5, '+Inf'] },
        { metric: {}, value: [1.5, 'NaN'] },
        { metric: { h: 'native' }, histogram: [1.5, {}] },
      ]),
    ]);
    const { samples } = await query('up == 1');
    expect(samples.map(({ labels, value }) => [labels.toString(), value])).toEqual([
      ['up{job="a"}', 1],
      ['{}', Number.POSITIVE_INFINITY],
      ['{}', Number.NaN],
    ]);
    expect(asked).toEqual([{ path: '/prom/api/v1/query', query: 'up == 1', time: '1.5' }]);
  });

  it('gives a scalar as one sample without labels', async () => {
    const { query } = await setup([success({ resultType: 'scalar', result: [1.5, '7'] })]);
    expect((await query('7')).samples.map(({ labels, value }) => [labels.size, value])).toEqual([[0, 7]]);
  });

  it('says in the server’s words what is wrong with a query, without asking again', async () => {
    const { query, asked } = await setup([
      json(400, { status: 'error', errorType: 'bad_data', error: '1:1: parse error' }),
    ]);
    await expect(query('(')).rejects.toThrow('1:1: parse error');
    expect(asked).toHaveLength(1);
  });

  it.each([429, 500, 503])('asks once more after %i', async (status) => {
    const { query, asked } = await setup([json(status, { status: 'error', error: 'busy' }), vector([])]);
    expect(await query('up')).toEqual({ samples: [] });
    expect(asked).toHaveLength(2);
  });

  it('gives up when the second time fails too', async () => {
    const { query, asked } = await setup([json(503, { status: 'error', error: 'busy' })]);
    await expect(query('up')).rejects.toThrow('busy');
    expect(asked).toHaveLength(2);
  });

  it.each([
    [
      'a range',
      success({ resultType: 'matrix', result: [] }),
      'a rule needs an instant vector or a scalar, got matrix',
    ],
    ['no JSON', (response: ServerResponse) => void response.end('<html>'), /query server/],
    [
      'a value that is no number',
      vector([{ metric: {}, value: [1, 'x'] }]),
      'a value must be a number as text, got "x"',
    ],
  ])('refuses %s', async (_name, answer, message) => {
    const { query } = await setup([answer]);
    await expect(query('up')).rejects.toThrow(message);
  });

  it('refuses an answer that is too large', async () => {
    const { query } = await setup([vector([{ metric: { a: 'x'.repeat(5000) }, value: [1, '1'] }])], { maxBody: 1000 });
    await expect(query('up')).rejects.toThrow("the query server's answer must be at most 1000 bytes, got more");
  });

  it('gives up a server that does not answer, and ends at once when it is no longer wanted', async () => {
    const { query, raw } = await setup([() => {}], { timeout: 50 });
    await expect(query('up')).rejects.toThrow('the query server gave no answer within 50 ms');
    const controller = new AbortController();
    const result = raw('up', 0, controller.signal);
    controller.abort(new Error('stopped'));
    await expect(result).rejects.toThrow('stopped');
  });
});
