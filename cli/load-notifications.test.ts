import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Notification } from '../alerting/notify/integration.ts';
import { createIntegrationRegistry } from '../alerting/notify/receivers/integration-registry.ts';
import { SYSTEM_CLOCK } from '../clock/clock.ts';
import { Labels } from '../storage/labels.ts';
import { loadConfig } from './config/load-config.ts';
import { loadNotifications } from './load-notifications.ts';
import { openNotificationHttp } from './notification-http.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'notifications-'));
});

afterAll(() => rm(directory, { recursive: true }));

async function load(pharos: string, files: Readonly<Record<string, string>> = {}) {
  for (const [name, text] of Object.entries({ ...files, 'pharos.yml': pharos })) {
    await writeFile(path.join(directory, name), text);
  }
  const { config } = await loadConfig(path.join(directory, 'pharos.yml'));
  const registry = new Registry();
  const integrations = createIntegrationRegistry({ openHttp: openNotificationHttp, clock: SYSTEM_CLOCK, registry });
  return loadNotifications(config, integrations);
}

const problemsOf = (pharos: string, files?: Readonly<Record<string, string>>): Promise<string> =>
  load(pharos, files).then(
    () => '',
    (error: Error) => error.message,
  );

describe('notifications of a configuration', () => {
  it('go to nobody without receivers', async () => {
    const { configuration } = await load('{}');
    expect(configuration.route.routes).toEqual([]);
    expect(configuration.receivers).toMatchObject([{ integrations: [] }]);
  });

  it('go to each receiver of the short form', async () => {
    const { configuration } = await load(`
notification:
  external_url: https://p.example/
  group_by: [alertname]
  receivers:
    - name: ops
      group_wait: 1s
      webhook_configs:
        - {url: 'http://hook.example/', max_alerts: 5}
    - name: chat
      slack_configs:
        - {api_url: 'http://hook.example/', channel: alerts}
`);
    expect(configuration.route.routes).toMatchObject([
      { receiver: 'ops', continue: true, groupBy: ['alertname'], groupWait: 1_000, groupInterval: 300_000 },
      { receiver: 'chat', continue: true, groupBy: ['alertname'], groupWait: 30_000, repeatInterval: 14_400_000 },
    ]);
    const integrations = configuration.receivers.flatMap((receiver) => receiver.integrations);
    expect(integrations.map(({ name, settings }) => [name, settings.maxAlerts])).toEqual([
      ['webhook/0', 5],
      ['slack/0', 0],
    ]);
  });

  it("go where an Alertmanager's configuration says, in the words of its template files", async () => {
    const { configuration, templates } = await load('notification: {config_file: am.yml}', {
      'am.yml': `
route: {receiver: ops, group_by: [cluster], routes: [{receiver: ops, matchers: ['team="db"']}]}
receivers: [{name: ops, webhook_configs: [{url: 'http://hook.example/'}]}]
templates: ['*.tmpl']
`,
      'own.tmpl': '{{ define "greeting" }}hello {{ .Receiver }}{{ end }}',
    });
    expect(configuration.route).toMatchObject({ receiver: 'ops', groupBy: ['cluster'], routes: [{ receiver: 'ops' }] });
    const notification: Notification = {
      receiver: 'ops',
      groupKey: '{}',
      groupLabels: Labels.EMPTY,
      status: 'firing',
      reason: 'firing',
      repeats: 0,
      alerts: [],
      truncatedAlerts: 0,
      commonLabels: Labels.EMPTY,
      commonAnnotations: Labels.EMPTY,
      externalUrl: 'http://p/',
      at: 0,
    };
    expect(templates.text('{{ template "greeting" . }}', notification)).toBe('hello ops');
  });

  it.each([
    [
      'a webhook without a URL',
      'notification: {receivers: [{name: a, webhook_configs: [{timeout: 1s}]}]}',
      /pharos\.yml:1:\d+: notification\.receivers\[0\]\.webhook_configs\[0\].*url/,
    ],
    [
      'two receivers of a name',
      'notification: {receivers: [{name: a}, {name: a}]}',
      /pharos\.yml:1:\d+: notification\.receivers\[1\]\.name: .*"a"/,
    ],
    [
      'an unknown integration',
      'notification: {receivers: [{name: a, pigeon_configs: []}]}',
      /pharos\.yml:1:\d+: .*pigeon_configs/,
    ],
  ])('are refused with the place of %s', async (_, text, problem) => {
    expect(await problemsOf(text)).toMatch(problem);
  });

  it('are refused with the place in the file of the Alertmanager and of its templates', async () => {
    const main = 'notification: {config_file: am.yml}';
    const receivers = 'receivers: [{name: ops}]\n';
    expect(await problemsOf(main, { 'am.yml': `route: {receiver: nobody}\n${receivers}` })).toMatch(
      /am\.yml:1:\d+: route\.receiver: .*"nobody"/,
    );
    const withTemplates = `route: {receiver: ops}\n${receivers}templates: [broken.tmpl]\n`;
    expect(await problemsOf(main, { 'am.yml': withTemplates, 'broken.tmpl': '\n{{ if }}' })).toMatch(
      /broken\.tmpl:2:\d+: invalid template/,
    );
  });

  it('show no secret in what is wrong with them', async () => {
    const problems = await problemsOf(`
notification:
  receivers:
    - name: n
      webhook_configs:
        - url: hunter2
        - {url: 'http://x/hunter2', url_file: x}
      slack_configs:
        - {api_url: hunter2, channel: alerts}
`);
    expect(problems.split('\n').length).toBeGreaterThan(2);
    expect(problems).not.toContain('hunter2');
  });
});
