/** What becomes of notifications when receivers fail: what was told when, that nothing was lost, and nothing told twice. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Recorded,
  type RecordingServer,
  startRecordingServer,
} from '../../alerting/notify/receivers/recording-server.case.ts';
import { type SmtpOptions, startSmtpServer } from '../../alerting/notify/receivers/smtp-server.case.ts';
import { freePort } from '../../bench/contenders/contender.ts';
import { selfSigned } from '../../simulator/api/self-signed.ts';
import { createDeliveryBed, type DeliveryBed } from './delivery-bed.case.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const configuration = (receiver: string): string => `
route: { receiver: team, group_by: [team], group_wait: 10s, group_interval: 1m, repeat_interval: 4h }
receivers:
- name: team
${receiver.replace(/^(?=.)/gm, '  ')}
`;
const webhook = (url: string, more = ''): string =>
  `webhook_configs:\n- url: ${url}\n${more.replace(/^(?=.)/gm, '  ')}\n`;

async function server(...options: Parameters<typeof startRecordingServer>): Promise<RecordingServer> {
  const started = await startRecordingServer(...options);
  cleanups.push(() => started.close());
  return started;
}

async function bed(receiver: string): Promise<DeliveryBed> {
  const made = await createDeliveryBed(configuration(receiver));
  cleanups.push(() => made.stop());
  return made;
}

/** `Down firing, Slow resolved`. */
const told = ({ json }: Recorded): string =>
  json.alerts
    .map(({ labels, status }: { labels: { alertname: string }; status: string }) => `${labels.alertname} ${status}`)
    .join(', ');

/** What was noted of deliveries, with its attempts. */
const noted = ({ log }: DeliveryBed): string[] => log.events.map(({ outcome, attempts }) => `${outcome} ${attempts}`);

describe('a receiver that', () => {
  it('is away for ten minutes is told what fires and what has ended meanwhile, once', async () => {
    const port = await freePort();
    const made = await bed(webhook(`http://127.0.0.1:${port}/`));
    const { say, pass, clock } = made;
    const start = clock.now();
    say('Down');
    await pass(120);
    say('Slow');
    await pass(240);
    say('Slow', 'resolved');
    await pass(240);
    const back = await startRecordingServer({}, undefined, port);
    cleanups.push(() => back.close());
    await pass(300, () => back.requests.length > 0);
    const minutes = (clock.now() - start) / 60_000;
    expect(minutes).toBeGreaterThan(10);
    // Attempts pause for a minute at most, and groups are looked at every minute.
    expect(minutes).toBeLessThan(12.1);
    expect(back.requests.map(told)).toEqual(['Down firing, Slow resolved']);
    say('Down', 'resolved');
    await pass(120);
    expect(back.requests.map(told)).toEqual(['Down firing, Slow resolved', 'Down resolved']);
    expect(noted(made).filter((event) => event.startsWith('delivered'))).toHaveLength(2);
  });

  it('answers 500 for a while is told when it does no more, once', async () => {
    const receiver = await server({ status: 500 });
    const made = await bed(webhook(receiver.url));
    made.say('Down');
    await made.pass(45);
    const failed = receiver.requests.length;
    // With pauses of 1, 2, 4, 8 and 16 seconds.
    expect(failed).toBe(6);
    receiver.otherwise = {};
    await made.pass(600);
    expect(receiver.requests.slice(failed).map(told)).toEqual(['Down firing']);
    // The next pause would have been longer than what was left of the group's interval, so the next look at the group told it.
    expect(noted(made)).toEqual(['failed 6', 'delivered 1']);
  });

  it('asks for a pause has it, whatever else there is to say', async () => {
    const receiver = await server();
    receiver.answers.push({ status: 429, headers: { 'retry-after': '40' } });
    const made = await bed(webhook(receiver.url));
    made.say('Down');
    await made.pass(11);
    expect(receiver.requests).toHaveLength(1);
    await made.pass(38);
    expect(receiver.requests).toHaveLength(1);
    await made.pass(3);
    expect(receiver.requests.map(told)).toEqual(['Down firing', 'Down firing']);
    await made.pass(600);
    expect(receiver.requests).toHaveLength(2);
    expect(noted(made)).toEqual(['delivered 2']);
  });

  it('asks in its body for a pause, as robots do, has it', async () => {
    const receiver = await server({ body: { errcode: 0, errmsg: 'ok' } });
    receiver.answers.push({ body: { errcode: 45009, errmsg: 'api freq out of limit' } });
    const made = await bed(`wecom_configs:\n- url: ${receiver.url}/robot\n`);
    made.say('Down');
    await made.pass(65);
    expect(receiver.requests).toHaveLength(1);
    await made.pass(30);
    expect(receiver.requests).toHaveLength(2);
    expect(noted(made).at(-1)).toMatch(/^delivered/);
  });

  it('hangs is given up after its timeout and told again, and holds up nobody else', async () => {
    const [hanging, good] = [await server('hang'), await server()];
    const made = await bed(`webhook_configs:\n- { url: '${hanging.url}', timeout: 20s }\n- url: ${good.url}\n`);
    made.say('Down');
    await made.pass(12);
    expect(good.requests.map(told)).toEqual(['Down firing']);
    expect(hanging.requests).toHaveLength(1);
    hanging.otherwise = {};
    await made.pass(17);
    expect(hanging.requests).toHaveLength(1);
    await made.pass(10);
    expect(hanging.requests.map(told)).toEqual(['Down firing', 'Down firing']);
    await made.pass(600);
    expect([hanging.requests.length, good.requests.length]).toEqual([2, 1]);
  });

  it('takes its time with TLS is given up after its timeout and told again', async () => {
    const certificate = selfSigned();
    const port = await freePort();
    const sockets = new Set<Socket>();
    const slow = createServer((socket) => void sockets.add(socket.on('error', () => {}))).listen(port, '127.0.0.1');
    await once(slow, 'listening');
    const made = await bed(
      webhook(
        `https://127.0.0.1:${port}/`,
        `timeout: 5s\nhttp_config:\n  tls_config:\n    ca: |\n${certificate.cert.trimEnd().replace(/^/gm, '      ')}\n`,
      ),
    );
    made.say('Down');
    await made.pass(18);
    // Some attempts have said hello, and were never answered.
    expect(sockets.size).toBeGreaterThan(0);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => slow.close(resolve));
    const receiver = await startRecordingServer({}, certificate, port);
    cleanups.push(() => receiver.close());
    await made.pass(120);
    expect(receiver.requests.map(told)).toEqual(['Down firing']);
    expect(noted(made)).toEqual([expect.stringMatching(/^delivered [2-9]$/)]);
  });

  it('refuses is not pressed, and told of what is new', async () => {
    const receiver = await server({ status: 400, body: 'no' });
    const made = await bed(webhook(receiver.url));
    made.say('Down');
    await made.pass(59);
    expect(receiver.requests).toHaveLength(1);
    expect(made.log.events).toMatchObject([{ outcome: 'refused', reason: 'status 400: no', attempts: 1 }]);
    receiver.otherwise = {};
    made.say('Slow');
    await made.pass(120);
    expect(receiver.requests.at(-1)).toSatisfy((last: Recorded) => told(last).includes('Slow firing'));
  });
});

describe('a mail server that', () => {
  async function mail(options: SmtpOptions) {
    const smtp = await startSmtpServer(options);
    cleanups.push(smtp.close);
    const item = {
      to: 'ops@example.org',
      from: 'p@example.org',
      smarthost: `127.0.0.1:${smtp.port}`,
      require_tls: false,
    };
    return { smtp, made: await bed(`email_configs:\n- ${JSON.stringify(item)}\n`) };
  }

  it('wants to see it again later gets it, once', async () => {
    const replies: Record<string, string> = { RCPT: '451 4.7.1 greylisted' };
    const { smtp, made } = await mail({ replies });
    made.say('Down');
    // Mail takes its time on a socket that nobody counts.
    for (let i = 0; i < 15; i++) {
      await made.pass(1);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(smtp.mails).toEqual([]);
    delete replies.RCPT;
    for (let i = 0; i < 60 && smtp.mails.length === 0; i++) {
      await made.pass(1);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await made.pass(120);
    expect(smtp.mails).toHaveLength(1);
    expect(made.log.events.at(-1)).toMatchObject({ outcome: 'delivered', reason: '' });
  });
});
