import { expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import type { NotifiableAlert } from '../notifiable-alert.ts';
import { buildNotification } from './build-notification.ts';
import { webhookBody } from './webhook-body.ts';

const alert = (instance: string, more: Partial<NotifiableAlert> = {}): NotifiableAlert => ({
  rule: 'r',
  key: instance,
  labels: Labels.from({ alertname: 'Down', instance, job: 'node' }),
  annotations: Labels.from({ summary: `${instance} is down`, runbook: 'http://r' }),
  status: 'firing',
  startsAt: Date.UTC(2026, 0, 2, 3, 4, 5),
  endsAt: 0,
  validUntil: 0,
  generatorUrl: 'http://pharos/graph',
  ...more,
});

const body = (alerts: readonly NotifiableAlert[], maxAlerts = 0): unknown => {
  const about = {
    ...{ receiver: 'team', groupKey: '{}:{alertname="Down"}', groupLabels: Labels.from({ alertname: 'Down' }), alerts },
    reason: 'firing' as const,
    ...{ repeats: 0, externalUrl: 'http://pharos', at: 0 },
  };
  return JSON.parse(webhookBody(buildNotification({ sendResolved: true, maxAlerts }, about)));
};

it('is Alertmanager’s version 4', () => {
  const over = alert('b', { status: 'resolved', endsAt: Date.UTC(2026, 0, 2, 4) });
  expect(body([alert('a'), over])).toEqual({
    version: '4',
    groupKey: '{}:{alertname="Down"}',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'team',
    groupLabels: { alertname: 'Down' },
    commonLabels: { alertname: 'Down', job: 'node' },
    commonAnnotations: { runbook: 'http://r' },
    externalURL: 'http://pharos',
    alerts: [
      {
        status: 'firing',
        labels: { alertname: 'Down', instance: 'a', job: 'node' },
        annotations: { summary: 'a is down', runbook: 'http://r' },
        startsAt: '2026-01-02T03:04:05Z',
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: 'http://pharos/graph',
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
      {
        status: 'resolved',
        labels: { alertname: 'Down', instance: 'b', job: 'node' },
        annotations: { summary: 'b is down', runbook: 'http://r' },
        startsAt: '2026-01-02T03:04:05Z',
        endsAt: '2026-01-02T04:00:00Z',
        generatorURL: 'http://pharos/graph',
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    ],
  });
});

it('is resolved when all alerts are, and says how many it leaves out', () => {
  const over = { status: 'resolved', endsAt: 1 } as const;
  expect(body([alert('a', over), alert('b', over), alert('c', over)], 2)).toMatchObject({
    status: 'resolved',
    truncatedAlerts: 1,
    alerts: [{ labels: { instance: 'a' } }, { labels: { instance: 'b' } }],
  });
});
