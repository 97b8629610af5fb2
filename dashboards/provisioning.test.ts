import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dashboardFiles } from './dashboard-files.ts';
import { PROMETHEUS } from './parts/variables.ts';

const folder = fileURLToPath(new URL('./provisioning/', import.meta.url));
const files = (['datasources', 'dashboards', 'alerting'] as const).flatMap((kind) =>
  readdirSync(folder + kind).map((name) => ({ kind, text: readFileSync(`${folder}${kind}/${name}`, 'utf8') })),
);
const read = <T>(kind: string): T[] => files.filter((file) => file.kind === kind).map(({ text }) => parse(text) as T);

interface Datasource {
  readonly name: string;
  readonly uid: string;
  readonly type: string;
  readonly access: string;
  readonly url: string;
  readonly isDefault?: boolean;
  readonly jsonData: Readonly<Record<string, unknown>>;
}

const datasources = read<{ datasources: Datasource[] }>('datasources').flatMap((file) => file.datasources);

describe('data sources', () => {
  it('have the keys that Grafana reads, and uids of their own', () => {
    const known = ['name', 'uid', 'type', 'access', 'url', 'isDefault', 'jsonData'];
    for (const datasource of datasources) expect(known).toEqual(expect.arrayContaining(Object.keys(datasource)));
    expect(new Set(datasources.map(({ uid }) => uid)).size).toBe(datasources.length);
  });

  it('have a Prometheus that is the default, which every dashboard opens with, and leads to an Alertmanager', () => {
    const [prometheus, ...others] = datasources.filter(({ isDefault }) => isDefault === true);
    expect(others).toEqual([]);
    expect(prometheus).toMatchObject({ type: PROMETHEUS.type, access: 'proxy', url: '$PHAROS_URL' });
    expect(Object.keys(prometheus!.jsonData).sort()).toEqual([
      'alertmanagerUid',
      'httpMethod',
      'manageAlerts',
      'prometheusType',
      'timeInterval',
    ]);
    const alertmanager = datasources.find(({ uid }) => uid === prometheus!.jsonData.alertmanagerUid);
    expect(alertmanager).toMatchObject({
      type: 'alertmanager',
      url: '$PHAROS_ALERTING_URL',
      jsonData: { implementation: 'prometheus', handleGrafanaManagedAlerts: false },
    });
    for (const text of dashboardFiles().values()) {
      expect(JSON.parse(text).templating.list[0]).toMatchObject({ name: 'datasource', query: prometheus!.type });
    }
  });
});

it('has dashboards read from a folder, under a uid that links survive', () => {
  const [{ providers }] = read<{ providers: Record<string, unknown>[] }>('dashboards') as [{ providers: [] }];
  expect(providers).toEqual([
    {
      name: 'Pharos',
      orgId: 1,
      folder: 'Pharos',
      folderUid: 'pharos',
      type: 'file',
      disableDeletion: true,
      allowUiUpdates: false,
      updateIntervalSeconds: 30,
      options: { path: '$PHAROS_DASHBOARDS', foldersFromFilesStructure: false },
    },
  ]);
});

it('has a contact point for all alerts of Grafana itself', () => {
  const [alerting] = read<{
    readonly contactPoints: readonly {
      readonly name: string;
      readonly receivers: readonly Record<string, unknown>[];
    }[];
    readonly policies: readonly { readonly receiver: string; readonly group_by: readonly string[] }[];
  }>('alerting');
  const [contact] = alerting!.contactPoints;
  expect(contact!.receivers).toEqual([
    {
      uid: expect.stringMatching(/^[\w-]{1,40}$/),
      type: 'prometheus-alertmanager',
      settings: { url: '$PHAROS_ALERTING_URL' },
      disableResolveMessage: false,
    },
  ]);
  expect(alerting!.policies.map(({ receiver }) => receiver)).toEqual([contact!.name]);
});

it('has no secret in its files', () => {
  for (const { text } of files) expect(text).not.toMatch(/password|token|secure|basicAuth|bearer|authorization/i);
});
