import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { Children } from '../../bench/children.ts';
import { startAlertmanager } from './alertmanager-peer.ts';
import {
  BEATS,
  comparable,
  EVENTS,
  type Event,
  posted,
  type Sent,
  scriptConfiguration,
} from './alertmanager-script.ts';

const BEAT = 1_000;

/** Plays the script to an Alertmanager, a beat a second; resolves with what its webhooks were sent. */
export async function playAlertmanager(
  program: string,
  options: { readonly children: Children; readonly directory: string },
): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  let start = 0;
  const server = createServer(async (incoming, response) => {
    const at = (Date.now() - start) / BEAT;
    let text = '';
    for await (const chunk of incoming) text += chunk;
    sent.push({ at, receiver: incoming.url!.slice(1), body: comparable(JSON.parse(text), start, BEAT) });
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const config = scriptConfiguration('1s', (receiver) => `http://127.0.0.1:${port}/${receiver}`);
    const url = await startAlertmanager(program, { ...options, config });
    start = Date.now();
    for (const event of EVENTS) {
      await sleep(Math.max(start + event.at * BEAT - Date.now(), 0));
      // With the times that it should have happened at: a busy machine is late.
      await play(url, event, start + event.at * BEAT);
    }
    await sleep(start + BEATS * BEAT - Date.now());
    return sent;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function play(url: string, event: Event, now: number): Promise<void> {
  const time = (at: number | undefined): string | undefined =>
    at === undefined ? undefined : new Date(at).toISOString();
  const [path, body] =
    event.kind === 'silence'
      ? [
          'silences',
          {
            matchers: [{ name: 'alertname', value: event.alertname, isRegex: false, isEqual: true }],
            startsAt: time(now),
            endsAt: time(now + event.beats * BEAT),
            createdBy: 'script',
            comment: 'a part of the script',
          },
        ]
      : [
          'alerts',
          event.alerts.map((alert) => {
            const { startsAt, endsAt, generatorUrl, ...rest } = posted(alert, event.kind, now);
            return { ...rest, startsAt: time(startsAt), endsAt: time(endsAt), generatorURL: generatorUrl };
          }),
        ];
  const answer = await request(`${url}/api/v2/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    bodyTimeout: 5_000,
    headersTimeout: 5_000,
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`Alertmanager must take ${path}, got ${answer.statusCode}: ${text}`);
}
