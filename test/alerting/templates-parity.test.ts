/**
 * Alertmanager's own templates, from where Debian has them beside the program: expanded here they must give what Alertmanager makes of
 * them, its page for mail with all its escaping among it.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { Registry } from 'prom-client';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import type { NotifiableAlert } from '../../alerting/notifiable-alert.ts';
import { parseNotifyConfiguration } from '../../alerting/notify/configuration/parse-configuration.ts';
import { notificationOf, openPlainHttp } from '../../alerting/notify/receivers/integration-bed.case.ts';
import { createIntegrationRegistry } from '../../alerting/notify/receivers/integration-registry.ts';
import { startRecordingServer } from '../../alerting/notify/receivers/recording-server.case.ts';
import { startSmtpServer } from '../../alerting/notify/receivers/smtp-server.case.ts';
import { Children } from '../../bench/children.ts';
import { SYSTEM_CLOCK } from '../../clock/clock.ts';
import { Labels } from '../../storage/labels.ts';
import { findAlertmanager, startAlertmanager } from './alertmanager-peer.ts';

const program = findAlertmanager(process.env);
const directory = program === undefined ? '' : path.join(path.dirname(program), '../share/prometheus/alertmanager');
const files = ['default.tmpl', 'email.tmpl'].map((name) => path.join(directory, name));
const isThere = program !== undefined && files.every((file) => existsSync(file));

const SETS = ['h1', 'h2'].map((instance) => ({
  labels: { alertname: 'A <x> & "y"', instance, e: "'q'", empty: '' },
  annotations: { summary: `${instance} is \\ + = < > ' "`, runbook: 'https://h/p?a=1&b=<2>' },
  generatorURL: encodeURI('http://g/graph?g0.expr=up{a="b"} > 0&x=a b"c'),
}));

interface Told {
  readonly html: string;
  readonly texts: string;
}

describe.skipIf(!isThere)("Alertmanager's own templates (needs Debian's package of it, PHAROS_ALERTMANAGER)", () => {
  it('give the same here', { timeout: 60_000 }, async () => {
    const scratch = mkdtempSync(path.join(tmpdir(), 'pharos-templates-'));
    const children = new Children(scratch);
    const smtp = await startSmtpServer();
    const hook = await startRecordingServer({ body: 'ok' });
    const take = async (): Promise<Told> => {
      for (let i = 0; i < 100 && (smtp.mails.length === 0 || hook.requests.length === 0); i++) await sleep(100);
      const [mail, message] = [smtp.mails.shift()!, hook.requests.shift()!];
      return { html: htmlOf(mail.source), texts: message.json.attachments[0].text };
    };
    try {
      const text = configuration(smtp.port, hook.url);
      const registry = new Registry();
      const integrations = createIntegrationRegistry({ openHttp: openPlainHttp, clock: SYSTEM_CLOCK, registry });
      const parsed = parseNotifyConfiguration({ file: 'am.yml', directory: scratch, text }, integrations);
      const { templates, problems } = integrations.templates(
        files.map((file) => ({ file, text: readFileSync(file, 'utf8') })),
      );
      expect([...parsed.problems, ...problems]).toEqual([]);
      const own = parsed.configuration!.receivers[0]!.integrations.map(({ name, settings }) =>
        settings.create(name, { templates, clock: SYSTEM_CLOCK, logger: pino({ level: 'silent' }) }),
      );

      const url = await startAlertmanager(program!, { children, directory: scratch, config: text });
      // A group whose alerts are older than its wait would be told before all of them have arrived.
      const startsAt = Date.now();
      for (const [status, endsAt] of [
        ['firing', startsAt + 3_600_000],
        ['resolved', startsAt + 200],
      ] as const) {
        const times = { startsAt: new Date(startsAt).toISOString(), endsAt: new Date(endsAt).toISOString() };
        const body = JSON.stringify(SETS.map((set) => ({ ...set, ...times })));
        await request(`${url}/api/v2/alerts`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        });
        const theirs = await take();
        const externalUrl = /__alertmanagerURL: (.*)\/#/.exec(theirs.texts)![1]!;
        const alerts = SETS.map(({ labels, annotations, generatorURL }): NotifiableAlert => {
          const set = Labels.from(labels);
          const more = {
            startsAt,
            endsAt: status === 'firing' ? 0 : endsAt,
            validUntil: 0,
            generatorUrl: generatorURL,
          };
          return { rule: 'r', key: set.key, labels: set, annotations: Labels.from(annotations), status, ...more };
        });
        const notification = notificationOf({ receiver: 'all', alerts, externalUrl });
        for (const integration of own) {
          expect(await integration.notify(notification, new AbortController().signal)).toEqual({ kind: 'delivered' });
        }
        const ours = await take();
        expect(ours.texts).toBe(theirs.texts);
        expect(ours.html).toBe(theirs.html);
        expect(ours.html).toContain('A &lt;x&gt; &amp; &#34;y&#34;');
      }
    } finally {
      await children.stopAll();
      await Promise.all([smtp.close(), hook.close()]);
      rmSync(scratch, { recursive: true, force: true });
    }
  });
});

/** Every template by its name; those that want a list get one. */
function configuration(port: number, hook: string): string {
  const names = [...readFileSync(files[0]!, 'utf8').matchAll(/define "([^"]+)"/g)].map(([, name]) => name!);
  const lines = names.map((name) => {
    const data = /list|instances/.test(name) ? '.Alerts' : '.';
    return `      ${name}: {{ template "${name}" ${data} }}`;
  });
  return `
global:
  smtp_smarthost: 127.0.0.1:${port}
  smtp_from: a@b.c
  smtp_require_tls: false
  slack_api_url: ${hook}/slack
templates: ['${directory}/*.tmpl']
route: { receiver: all, group_by: [alertname], group_wait: 1s, group_interval: 1s }
receivers:
- name: all
  email_configs:
  - { to: x@y.z, send_resolved: true, html: '{{ template "email.default.html" . }}', text: '' }
  slack_configs:
  - send_resolved: true
    text: |
${lines.join('\n')}
`;
}

/** Alertmanager makes a mail of several parts even of one. */
function htmlOf(source: string): string {
  const [head, ...body] = source.slice(source.search(/Content-Transfer-Encoding/i)).split('\r\n\r\n') as [
    string,
    ...string[],
  ];
  const text = body.join('\r\n\r\n').replace(/\r\n--[^\r\n]*--\s*$/, '');
  const bytes = /base64/i.test(head)
    ? Buffer.from(text, 'base64')
    : Buffer.from(
        text
          .replace(/=\r\n/g, '')
          .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      );
  return bytes.toString().replace(/\r\n/g, '\n').trim();
}
