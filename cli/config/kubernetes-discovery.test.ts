import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesDiscoveryConfig } from '../../collector/scrape/scrape-config.ts';
import { loadConfigText } from './load-config.ts';
import { ConfigError, formatProblems } from './problem.ts';
import { renderConfig } from './render-config.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pharos-kubernetes-'));
  await writeFile(join(directory, 'kubeconfig'), '');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function load(entry: string) {
  const text = `scrape_configs:\n- job_name: k\n  kubernetes_sd_configs:\n  - ${entry.trim().replaceAll('\n', '\n    ')}\n`;
  return loadConfigText(text, { name: 'p.yml', path: join(directory, 'p.yml') });
}

async function discovery(entry: string): Promise<KubernetesDiscoveryConfig> {
  const { config, warnings } = await load(entry);
  expect(warnings).toEqual([]);
  return config.scrapeConfigs[0]!.discovery[0] as KubernetesDiscoveryConfig;
}

async function errorsOf(entry: string): Promise<string[]> {
  try {
    await load(entry);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return formatProblems(error.problems)
      .split('\n')
      .map((line) => line.replace('scrape_configs[0].kubernetes_sd_configs[0]', '…'));
  }
}

describe('kubernetes_sd_configs', () => {
  it('needs a role only', async () => {
    expect(await discovery('role: node')).toEqual({
      kind: 'kubernetes',
      access: { kind: 'in-cluster' },
      role: 'node',
      namespaces: { names: [], own: false },
      selectors: [],
      attachMetadata: { node: false, namespace: false },
    });
  });

  it('takes every key', async () => {
    expect(
      await discovery(`
role: endpointslice
kubeconfig_file: kubeconfig
namespaces: {names: [a, b]}
selectors:
- {role: endpointslice, label: 'app in (web, api),!debug,kubernetes.io/service-name'}
- {role: pod, field: 'spec.nodeName=a,status.phase!=Failed'}
- {role: service, label: tier!=db}
attach_metadata: {node: true, namespace: true}
follow_redirects: true
`),
    ).toEqual({
      kind: 'kubernetes',
      access: { kind: 'kubeconfig', file: join(directory, 'kubeconfig'), context: undefined },
      role: 'endpointslice',
      namespaces: { names: ['a', 'b'], own: false },
      selectors: [
        { role: 'endpointslice', label: 'app in (web, api),!debug,kubernetes.io/service-name', field: '' },
        { role: 'pod', label: '', field: 'spec.nodeName=a,status.phase!=Failed' },
        { role: 'service', label: 'tier!=db', field: '' },
      ],
      attachMetadata: { node: true, namespace: true },
    });
    expect((await discovery('{role: pod, namespaces: {own_namespace: true}}')).namespaces.own).toBe(true);
    expect(
      (await discovery('{role: pod, attach_metadata: {node: true}, selectors: [{role: node, label: zone=a}]}'))
        .selectors,
    ).toHaveLength(1);
  });

  it('reaches an API server by the keys of an HTTP client', async () => {
    const entry = `
role: pod
api_server: https://user:hunter2@api.example:6443/prefix
tls_config: {insecure_skip_verify: true}
enable_http2: false
`;
    const { access } = await discovery(entry);
    expect(access).toMatchObject({
      kind: 'api-server',
      url: 'https://api.example:6443/prefix',
      client: { enableHttp2: false, tls: { insecureSkipVerify: true }, basicAuth: { username: 'user' } },
    });
    expect(JSON.stringify(access)).not.toContain('hunter2');
    expect(renderConfig((await load(entry)).config)).not.toContain('hunter2');
  });

  it.each([
    [
      'namespaces: {names: [a]}',
      [
        'p.yml:4:5: …: the key "role" is missing; expected one of node, pod, service, endpoints, endpointslice, ingress',
      ],
    ],
    [
      'role: pods',
      [
        'p.yml:4:11: ….role: expected one of node, pod, service, endpoints, endpointslice, ingress, got "pods"; did you mean "pod"?',
      ],
    ],
    [
      'role: pod\napi_server: http://a\nkubeconfig_file: kubeconfig',
      ['p.yml:6:5: ….kubeconfig_file: expected at most one of api_server and kubeconfig_file'],
    ],
    ['role: pod\napi_server: a:6443', [expect.stringContaining('p.yml:5:17: ….api_server: expected a URL')]],
    [
      'role: pod\nenable_http2: false\ntls_config: {}',
      ['p.yml:5:5: ….enable_http2: expected no enable_http2 without api_server, which says how to log in'],
    ],
    [
      'role: pod\nkubeconfig_file: kubeconfig\nbearer_token: x\ntls_config: {server_name: b}',
      [
        'p.yml:6:5: ….bearer_token: expected no bearer_token with kubeconfig_file, which says how to log in',
        'p.yml:7:5: ….tls_config: expected no tls_config with kubeconfig_file, which says how to log in',
      ],
    ],
    [
      'role: pod\napi_server: http://a\nnamespaces: {own_namespace: true}',
      [
        'p.yml:6:18: ….namespaces.own_namespace: expected own_namespace only in the cluster that Pharos runs in, got it with api_server',
      ],
    ],
    [
      'role: pod\nkubeconfig_file: kubeconfig\nnamespaces: {own_namespace: true}',
      [
        'p.yml:6:18: ….namespaces.own_namespace: expected own_namespace only in the cluster that Pharos runs in, got it with kubeconfig_file',
      ],
    ],
    [
      'role: pod\nselectors: [{role: node, label: a}]',
      ['p.yml:5:18: ….selectors[0].role: expected pod with the role pod, got node'],
    ],
    [
      'role: endpoints\nselectors: [{role: pod}, {role: pod}, {role: endpointslice}]',
      [
        'p.yml:5:31: ….selectors[1].role: expected at most one selector for a role, got another one for pod',
        'p.yml:5:44: ….selectors[2].role: expected pod or service or endpoints with the role endpoints, got endpointslice',
      ],
    ],
    [
      "role: pod\nselectors: [{role: pod, label: 'a in (b', field: 'a~b'}]",
      [
        'p.yml:5:36: ….selectors[0].label: expected a label selector such as app=web,tier!=db, got "a in (b": "a in (b" is no requirement',
        'p.yml:5:54: ….selectors[0].field: expected a field selector such as spec.nodeName=a, got "a~b": "a~b" has no =, == or !=',
      ],
    ],
  ])('refuses %j', async (entry, errors) => {
    expect(await errorsOf(entry)).toEqual(errors);
  });

  it.each([
    ['', true],
    ['a', true],
    ['!a.b/c', true],
    ['a = b , c==d', true],
    ['a notin (b,, c)', true],
    ['a=', true],
    ['size>3,size<1', true],
    ['size<-1', false],
    ['a,', false],
    ['=b', false],
    ['a=b=c', false],
    ['a in b', false],
    ['a>b', false],
    ['-a=b', false],
    ['a/b/c=d', false],
    [`${'a'.repeat(64)}=b`, false],
    ['a=b c', false],
  ])('takes the label selector %j as Kubernetes does', async (label, isRight) => {
    const errors = await errorsOf(`{role: pod, selectors: [{role: pod, label: ${JSON.stringify(label)}}]}`);
    expect(errors.length === 0).toBe(isRight);
  });
});
