/**
 * The whole life of a policy, to be run by hand after a build, with amtool in PATH or PHAROS_AMTOOL naming it:
 *
 *     node dist/test/alerting/life.js [--keep]
 *
 * Starts `npm start -- --demo` with a configuration and a data directory of its own, and a webhook. A series about one of the demo
 * cluster's nodes is written by remote write, so that it is known to the millisecond when a threshold is crossed. Then: a dry run, the
 * policy is created over the API, does not fire after one period less than it asks for and fires after as many, rises from warn to
 * serious, is told again after one minute and after two more, is silenced through amtool and is not told meanwhile, recovers with the
 * value that it has then, and all of that is in its history. Prints each step with its time; exits 1 when one has failed.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Children } from '../../bench/children.ts';
import { freePort } from '../../bench/contenders/contender.ts';
import { startPharosServer } from '../../bench/contenders/pharos.ts';
import { findAmtools } from './alertmanager-peer.ts';
import { GaugeWriter } from './life/gauge-writer.ts';
import {
  FIRST,
  ID,
  lifeConfig,
  lifePolicy,
  METRIC,
  NAME,
  PERIOD,
  PERIODS,
  periodEnd,
  VALUES,
} from './life/life-policy.ts';
import { expected, pause, Steps, until } from './life/steps.ts';
import { type Delivery, type ToldAlert, WebhookRecorder } from './life/webhook-recorder.ts';

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });

/** From the end of a period until its alert may have come to a receiver. */
const REACTION = 20_000;
/** How late a repetition may be: groups are looked at every five seconds. */
const REPEAT_LATE = 12_000;

interface ShownAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly fingerprint: string;
  readonly status: { readonly state: string; readonly silencedBy: readonly string[] };
}

/** Something in the history of an alert. */
interface Entry {
  readonly kind: 'transition' | 'notification' | 'silence';
  readonly time: string;
  readonly state?: string;
  readonly value?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly outcome?: string;
  readonly said?: string;
  readonly receiver?: string;
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

async function life(steps: Steps, children: Children, directory: string): Promise<void> {
  const [amtool] = findAmtools(process.env);
  if (amtool === undefined) throw new Error('amtool must be in PATH, or PHAROS_AMTOOL must name it');
  const webhook = new WebhookRecorder();
  const config = join(directory, 'pharos.yml');
  writeFileSync(config, lifeConfig(await webhook.start()));
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const api = new Api(url);
  let writer: GaugeWriter | undefined;
  let node = '';
  let silence = '';
  /** Ends of periods after which a value began to hold. */
  const since = { warn: 0, serious: 0, recovered: 0 };
  const told = (pass: (alert: ToldAlert) => boolean, from = 0): readonly Delivery[] =>
    webhook.deliveries
      .slice(from)
      .filter(({ alerts }) => alerts.some((one) => one.labels.alertname === NAME && pass(one)));
  const alert = async (): Promise<ShownAlert | undefined> => {
    const filter = encodeURIComponent(`alertname="${NAME}"`);
    return (await api.get<ShownAlert[]>(`/api/v2/alerts?filter=${filter}`))[0];
  };
  /** Lets a value hold from the end of the running period on; resolves shortly after that. */
  const change = async (value: number): Promise<number> => {
    const end = periodEnd(Date.now()) + PERIOD;
    writer!.set(value, end);
    await pause(end - Date.now() + 100);
    return end;
  };

  try {
    await steps.run('Pharos runs with a demo cluster', async () => {
      const args = ['--demo', '--demo-nodes', '3', '--demo-pods', '20', '--log-level', 'warn'];
      await startPharosServer({ children, config, dataDir, log: join(directory, 'pharos.log'), port, args });
      node = await until('a node in the catalogue', 60_000, async () => {
        const found = await api.query('k8s_node_status_ready{node_role="Node"}');
        return found[0]?.labels.node;
      });
      const cluster = (await api.query(`k8s_node_status_ready{node="${node}"}`))[0]!.labels.cluster ?? '';
      writer = new GaugeWriter(url, { __name__: METRIC, ...(cluster !== '' && { cluster }), node });
      return `node ${node} of ${cluster === '' ? 'the cluster' : cluster}`;
    });

    await steps.run('a dry run finds what would have fired, and nothing that fires', async () => {
      // An hour ago it was too warm for as many periods as the policy asks for, and later for one period less.
      const hot = periodEnd(Date.now()) - 3_600_000;
      writer!.set(VALUES.fine, 0);
      for (const [from, periods] of [
        [hot, PERIODS],
        [hot + 20 * PERIOD, PERIODS - 1],
      ] as const) {
        writer!.set(VALUES.warn, from);
        writer!.set(VALUES.fine, from + periods * PERIOD);
      }
      const times: number[] = [];
      for (let time = hot - 20 * PERIOD; time <= hot + 40 * PERIOD; time += 1_000) times.push(time);
      await writer!.write(times);
      writer!.start();
      expected(writer!.problem === '', `the samples were not taken: ${writer!.problem}`);
      const preview = await until('an answer with what would have fired', 30_000, async () => {
        const answer = await api.policies<{ fired: number; firing: number; episodes: { startsAt: string }[] }>(
          'POST',
          '/preview?days=1',
          lifePolicy(node),
        );
        return answer.fired > 0 ? answer : undefined;
      });
      expected(preview.fired === 1, `it must have fired once, got ${preview.fired}`);
      expected(preview.firing === 0, `nothing must fire now, got ${preview.firing}`);
      const startsAt = Date.parse(preview.episodes[0]!.startsAt);
      const due = hot + PERIODS * PERIOD;
      expected(startsAt === due, `it must have fired at ${iso(due)}, got ${iso(startsAt)}`);
      return `fired once in the last day, at ${iso(startsAt)}`;
    });

    await steps.run('the policy is created over the API', async () => {
      const { policy } = await api.policies<{ policy: { id: string } }>('POST', '', lifePolicy(node));
      expected(policy.id === ID, `its id must be ${ID}, got ${policy.id}`);
      await until('its first evaluation', 3 * PERIOD + REACTION, async () => {
        const state = await api.policies<{ isEvaluated: boolean }>('GET', `/${ID}/state`);
        return state.isEvaluated || undefined;
      });
      expected((await alert()) === undefined, 'it must not fire yet');
      return undefined;
    });

    await steps.run(`it does not fire after ${PERIODS - 1} periods`, async () => {
      const from = await change(VALUES.warn);
      writer!.set(VALUES.fine, from + (PERIODS - 1) * PERIOD);
      const end = from + PERIODS * PERIOD + REACTION;
      while (Date.now() < end) {
        expected((await alert()) === undefined, `it fired ${seconds(Date.now() - from)} after it became too warm`);
        await pause(500);
      }
      expected(webhook.deliveries.length === 0, 'nobody must have been told');
      return `nothing until ${seconds(end - from)} after it became too warm`;
    });

    await steps.run(`it fires after exactly ${PERIODS} periods, with the level warn`, async () => {
      since.warn = await change(VALUES.warn);
      const due = since.warn + PERIODS * PERIOD;
      const shown = await until('an alert', due - Date.now() + REACTION, alert);
      const seen = Date.now();
      expected(seen >= due, `it fired ${seconds(due - seen)} before the end of its last period`);
      const startsAt = Date.parse(shown.startsAt);
      expected(
        startsAt >= due && startsAt < due + PERIOD,
        `it must have begun at the end of its last period, ${iso(due)}, got ${shown.startsAt}`,
      );
      expected(shown.labels.severity === 'warn', `its level must be warn, got ${shown.labels.severity}`);
      const [first] = await until('a notification', REACTION, () => {
        const found = told(({ status }) => status === 'firing');
        return found.length > 0 ? found : undefined;
      });
      return `seen ${seconds(seen - due)} after the period's end, told after ${seconds(first!.at - due)}`;
    });

    let raised = 0;
    await steps.run('its level rises from warn to serious', async () => {
      since.serious = await change(VALUES.serious);
      const due = since.serious + PERIODS * PERIOD;
      const [told1] = await until('a notification with the level serious', due - Date.now() + REACTION, () => {
        const found = told(({ labels }) => labels.severity === 'serious');
        return found.length > 0 ? found : undefined;
      });
      raised = webhook.deliveries.indexOf(told1!);
      expected(told1!.at >= due, `it was told ${seconds(due - told1!.at)} before the end of its last period`);
      const resolved = told(({ status }) => status === 'resolved');
      expected(resolved.length === 0, 'a change of its level must not end the alert');
      const shown = await alert();
      expected(
        Date.parse(shown!.startsAt) < since.serious,
        `it must be the same alert, got one since ${shown!.startsAt}`,
      );
      return `told ${seconds(told1!.at - due)} after the period's end`;
    });

    await steps.run('it is told again after one minute, and after two more', async () => {
      const again = () => told(({ labels }) => labels.severity === 'serious', raised);
      await until(
        'two more notifications',
        3 * FIRST + 2 * REPEAT_LATE + REACTION,
        () => again().length >= 3 || undefined,
      );
      const at = again().map((delivery) => delivery.at);
      const gaps = at.slice(1, 3).map((time, i) => time - at[i]!);
      for (const [i, gap] of gaps.entries()) {
        const wanted = FIRST * 2 ** i;
        expected(
          gap >= wanted - 1_000 && gap <= wanted + REPEAT_LATE,
          `repetition ${i + 1} must come after ${seconds(wanted)}, got ${gaps.map(seconds).join(' and ')}`,
        );
      }
      return gaps.map(seconds).join(' and ');
    });

    await steps.run('it is silenced through amtool, and nobody is told meanwhile', async () => {
      const words = [
        'silence',
        'add',
        `alertname=${NAME}`,
        `node=${node}`,
        '--comment=too warm, we know',
        '--author=life',
      ];
      silence = (await run(amtool, [...words, '--duration=1h', `--alertmanager.url=${url}`])).trim();
      const shown = await until('a suppressed alert', 10_000, async () => {
        const found = await alert();
        return found?.status.state === 'suppressed' ? found : undefined;
      });
      expected(shown.status.silencedBy.includes(silence), `${silence} must silence it, got ${shown.status.silencedBy}`);
      const query = await run(amtool, ['alert', 'query', NAME, '--silenced', `--alertmanager.url=${url}`]);
      expected(query.includes('suppressed'), `amtool must show it as suppressed, got ${query}`);
      const before = webhook.deliveries.length;
      // The next repetition would come within two minutes.
      await pause(2 * FIRST + REPEAT_LATE);
      expected(webhook.deliveries.length === before, 'a notification came although it is silenced');
      return `silence ${silence}, nothing for ${seconds(2 * FIRST + REPEAT_LATE)}`;
    });

    await steps.run('the silence is ended through amtool, and it is told again', async () => {
      const before = webhook.deliveries.length;
      await run(amtool, ['silence', 'expire', silence, `--alertmanager.url=${url}`]);
      await until('a notification', REACTION, () => told(() => true, before).length > 0 || undefined);
      return undefined;
    });

    await steps.run('it recovers, with the value that it has then', async () => {
      since.recovered = await change(VALUES.recovered);
      const due = since.recovered + PERIOD;
      const [delivery] = await until('the end in a notification', due - Date.now() + REACTION, () => {
        const found = told(({ status }) => status === 'resolved');
        return found.length > 0 ? found : undefined;
      });
      const ended = delivery!.alerts.find(({ status }) => status === 'resolved')!;
      const value = ended.annotations.temperature;
      expected(value === String(VALUES.recovered), `the value must be ${VALUES.recovered}, got ${value}`);
      expected((await alert()) === undefined, 'it must be gone from the alerts');
      return `told ${seconds(delivery!.at - due)} after the period's end, with ${value}`;
    });

    await steps.run('its history is complete', async () => {
      const fingerprint = webhook.deliveries.at(-1)!.alerts[0]!.fingerprint;
      const entries = await until('the end in the history', 10_000, async () => {
        const found = (await api.get<{ data: { entries: Entry[] } }>(`/api/v1/alerts/history/${fingerprint}`)).data;
        return found.entries.some(({ state }) => state === 'inactive') ? [...found.entries].reverse() : undefined;
      });
      return complete(entries, webhook.deliveries);
    });
  } finally {
    writer?.stop();
    await webhook.stop();
  }
}

/** What the history must have; throws when something is missing. Entries and deliveries are in the order of time. */
function complete(entries: readonly Entry[], deliveries: readonly Delivery[]): string {
  const of = (kind: Entry['kind']) => entries.filter((entry) => entry.kind === kind);
  const transitions = of('transition').map(({ state, labels }) => `${state} ${labels?.severity}`);
  const wanted = ['firing warn', 'firing serious', 'inactive serious'];
  const rest = [...transitions];
  for (const each of wanted) {
    const at = rest.indexOf(each);
    expected(at >= 0, `the history must have ${wanted.join(', ')} in this order, got ${transitions.join(', ')}`);
    rest.splice(0, at + 1);
  }
  const end = of('transition').at(-1)!;
  expected(
    end.value === String(VALUES.recovered),
    `the value at the end must be ${VALUES.recovered}, got ${end.value}`,
  );
  const sent = of('notification').filter(({ outcome, receiver }) => outcome === 'delivered' && receiver === 'life');
  expected(
    sent.length === deliveries.length,
    `the history must have the ${deliveries.length} notifications that were sent, got ${sent.length}`,
  );
  expected(sent.at(-1)!.said === 'resolved', `the last notification must say resolved, got ${sent.at(-1)!.said}`);
  const silences = of('silence').length;
  expected(silences === 2, `the history must have the beginning and the end of the silence, got ${silences} entries`);
  return `${of('transition').length} changes, ${sent.length} notifications, ${silences} of a silence`;
}

/** The HTTP API of the server. */
class Api {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#ask('GET', path)) as T;
  }

  /** Below /api/v1/policies; the data of the answer. */
  async policies<T>(method: string, path: string, body?: object): Promise<T> {
    return ((await this.#ask(method, `/api/v1/policies${path}`, body)) as { data: T }).data;
  }

  async query(expr: string): Promise<{ readonly labels: Readonly<Record<string, string>> }[]> {
    const path = `/api/v1/query?query=${encodeURIComponent(expr)}`;
    const { data } = await this.get<{ data: { result: { metric: Record<string, string> }[] } }>(path);
    return data.result.map(({ metric }) => ({ labels: metric }));
  }

  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(this.#url + path, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }
}

/** What a program prints; rejects with what it complains of. */
function run(program: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, words, { timeout: 20_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`amtool ${words.join(' ')} failed: ${stderr}${stdout}`));
    });
  });
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

const directory = mkdtempSync(join(tmpdir(), 'pharos-life-'));
const children = new Children(values.keep ? undefined : directory);
const steps = new Steps();
try {
  await life(steps, children, directory);
} catch (error) {
  steps.failed++;
  console.error(error instanceof Error ? error.message : error);
} finally {
  await children.stopAll();
  if (values.keep) console.log(`configuration, data and log are in ${directory}`);
  else rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}
console.log(steps.summary());
process.exit(steps.failed === 0 ? 0 : 1);
