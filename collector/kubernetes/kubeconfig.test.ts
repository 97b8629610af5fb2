import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { type AccessOptions, type ResolvedAccess, resolveAccess } from './kube-access.ts';
import { listContexts, readKubeconfig } from './kubeconfig.ts';
import { ManualClock } from './operator/manual-clock.case.ts';

const directory = mkdtempSync(join(tmpdir(), 'pharos-kubeconfig-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
function write(text: string, name = `config-${++files}`): string {
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
}

const PEM = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';
const PEM_DATA = Buffer.from(PEM).toString('base64');
const KEY = '-----BEGIN PRIVATE KEY-----\nTOPSECRET\n-----END PRIVATE KEY-----\n';
const KEY_DATA = Buffer.from(KEY).toString('base64');

/** One context with the given fields of cluster and user, as YAML flow mappings. */
function config(cluster: string, user: string): string {
  return `apiVersion: v1
kind: Config
current-context: dev
contexts:
- name: dev
  context: {cluster: c, user: u, namespace: shop}
clusters:
- name: c
  cluster: ${cluster}
users:
- name: u
  user: ${user}
`;
}

function resolve(text: string, options: Partial<AccessOptions> = {}, context?: string): Promise<ResolvedAccess> {
  return resolveAccess({ kind: 'kubeconfig', file: write(text), context }, { environment: {}, ...options });
}

/** The message, with the folder as `DIR`; all of the error that could be shown must be without secrets. */
async function failure(text: string): Promise<string> {
  const error = await resolve(text).then(
    () => undefined,
    (thrown: unknown) => thrown as Error,
  );
  expect(inspect(error, { depth: 9 })).not.toMatch(/TOPSECRET|hunter2/);
  return (error?.message ?? 'no error').replaceAll(directory, 'DIR').replace(/config-\d+/g, 'CONFIG');
}

describe('a kubeconfig', () => {
  it('gives server, certificate authority and client certificate that stand in it', async () => {
    const { server, http, context, clusterName, namespace } = await resolve(
      config(
        `{server: "https://10.0.0.1:6443", certificate-authority-data: ${PEM_DATA}, tls-server-name: kubernetes}`,
        `{client-certificate-data: ${PEM_DATA}, client-key-data: ${KEY_DATA}}`,
      ),
    );
    expect({ server, context, clusterName, namespace }).toEqual({
      server: 'https://10.0.0.1:6443',
      context: 'dev',
      clusterName: 'c',
      namespace: 'shop',
    });
    expect(http.tls).toMatchObject({ ca: PEM, cert: PEM, serverName: 'kubernetes', insecureSkipVerify: false });
    expect(http.tls.key!.reveal()).toBe(KEY);
    expect(inspect(http, { depth: 9 })).not.toContain('TOPSECRET');
  });

  it('means paths from its own folder, and prefers data to files', async () => {
    const { http } = await resolve(
      config(
        '{server: "https://a", certificate-authority: pki/ca.crt}',
        `{client-certificate: /abs/tls.crt, client-certificate-data: ${PEM_DATA}, client-key: pki/tls.key, tokenFile: token}`,
      ),
    );
    expect(http.tls).toMatchObject({
      caFile: join(directory, 'pki/ca.crt'),
      cert: PEM,
      certFile: undefined,
      keyFile: join(directory, 'pki/tls.key'),
    });
    expect(http.authorization).toEqual({
      type: 'Bearer',
      credentials: undefined,
      credentialsFile: join(directory, 'token'),
    });
  });

  it.each([
    ['{token: hunter2}', { authorization: { type: 'Bearer', credentialsFile: undefined } }],
    ['{token: 12345}', { authorization: { type: 'Bearer' } }],
    ['{token: hunter2, tokenFile: /t}', { authorization: { credentials: undefined, credentialsFile: '/t' } }],
    ['{username: joe, password: hunter2}', { basicAuth: { username: 'joe' }, authorization: undefined }],
    ['{}', { basicAuth: undefined, authorization: undefined, credentials: undefined }],
  ])('authenticates with %s', async (user, expected) => {
    const { http } = await resolve(config('{server: "http://a"}', user));
    expect(http).toMatchObject(expected);
    expect(JSON.stringify(http)).not.toContain('hunter2');
  });

  it('takes over what makes TLS weaker and a proxy', async () => {
    const { http } = await resolve(
      config('{server: "https://a", insecure-skip-tls-verify: true, proxy-url: "http://joe:hunter2@proxy:3128"}', '{}'),
    );
    expect(http.tls.insecureSkipVerify).toBe(true);
    expect(String(http.proxyUrl)).toBe('<secret>');
  });

  it('takes the context that is asked for, and none but it has to be right', async () => {
    const text = `
contexts:
- {name: a, context: {cluster: a}}
- {name: b, context: {cluster: b, user: b}}
clusters:
- {name: a, cluster: {server: "https://a"}}
- {name: b, cluster: {server: "ftp://b"}}
users:
- {name: b, user: {auth-provider: {name: gcp}}}
`;
    expect((await resolve(text, {}, 'a')).server).toBe('https://a');
    await expect(resolve(text, {}, 'b')).rejects.toThrow(/clusters\[1\]\.cluster\.server: expected a URL/);
  });

  it('may be JSON, have anchors and be without a user', async () => {
    const json = { contexts: [{ name: 'x', context: { cluster: 'x' } }], 'current-context': 'x' };
    const clusters = [{ name: 'x', cluster: { server: 'https://x' } }];
    expect((await resolve(JSON.stringify({ ...json, clusters }))).server).toBe('https://x');
    const anchored = config('&c {server: "https://a"}', '{}').replace('users:', '- {name: d, cluster: *c}\nusers:');
    const read = await readKubeconfig(write(anchored));
    expect(read.clusters.get('d')!().server).toBe('https://a');
  });

  it('is merged with others, of which the first that says something counts', async () => {
    const one = write(config('{server: "https://first"}', '{token: a}'));
    const two = write(
      config('{server: "https://second"}', '{token: b}').replace('current-context: dev', 'current-context: other') +
        'extensions: []\n',
    );
    const three = write(
      'contexts:\n- {name: more, context: {cluster: c2}}\nclusters:\n- {name: c2, cluster: {server: "https://c2"}}\n',
    );
    const missing = join(directory, 'missing');
    const merged = [missing, one, two, three];
    expect(
      (await resolveAccess({ kind: 'kubeconfig', file: merged, context: undefined }, { environment: {} })).server,
    ).toBe('https://first');
    const contexts = await listContexts(merged);
    expect(contexts.map(({ name, isCurrent }) => [name, isCurrent])).toEqual([
      ['dev', true],
      ['more', false],
    ]);
    await expect(readKubeconfig([missing, missing])).rejects.toThrow(`cannot read kubeconfig ${missing}: no such file`);
    await expect(readKubeconfig(missing)).rejects.toThrow(/no such file/);
  });
});

describe('credentials that stand in a kubeconfig', () => {
  const cluster = '{server: "https://10.0.0.1:6443"}';

  it('are read again when they are refused, but not again and again', async () => {
    const clock = new ManualClock();
    const file = write(config(cluster, '{token: one}'));
    const access = { kind: 'kubeconfig', file, context: 'dev' } as const;
    const { credentials } = (await resolveAccess(access, { environment: {}, clock })).http;
    const token = async () => (await credentials!.get()).token?.reveal();
    writeFileSync(file, config(cluster, '{token: two}'));
    expect(await token()).toBe('one');
    credentials!.refused();
    expect(await Promise.all([token(), token()])).toEqual(['two', 'two']);
    const same = await credentials!.get();
    writeFileSync(file, config(cluster, '{token: three'));
    credentials!.refused();
    expect(await credentials!.get()).toBe(same);
    await clock.advance(2_000);
    // In the middle of being written.
    expect(await credentials!.get()).toBe(same);
    writeFileSync(file, config(cluster, `{client-certificate-data: ${PEM_DATA}, client-key-data: ${KEY_DATA}}`));
    credentials!.refused();
    await clock.advance(2_000);
    expect(await credentials!.get()).toMatchObject({ token: undefined, cert: PEM });
  });

  it('are those alone: what is in files is read there', async () => {
    const of = async (user: string) => (await resolve(config(cluster, user))).http.credentials;
    expect(await of('{tokenFile: token}')).toBeUndefined();
    expect(await of('{token: a, tokenFile: token}')).toBeUndefined();
    expect(await of('{client-certificate: c.pem, client-key: k.pem}')).toBeUndefined();
    expect(await of('{username: u, password: p}')).toBeUndefined();
  });
});

describe('a kubeconfig that cannot be used says where and why', () => {
  it.each([
    ['', 'DIR/CONFIG:1: the file: expected a kubeconfig, got an empty file'],
    ['kind: Pod', 'DIR/CONFIG:1: kind: expected Config, got Pod'],
    ['apiVersion: v2', 'DIR/CONFIG:1: apiVersion: expected v1, got v2'],
    ['- a', 'DIR/CONFIG:1: the file: expected a mapping'],
    ['a: "hunter2', 'DIR/CONFIG:1: expected YAML, got MISSING_CHAR'],
    ['\n\nusers: {a: 1}', 'DIR/CONFIG:3: users: expected a list'],
    ['users:\n- user: {}', 'DIR/CONFIG:2: users[0].name: expected a name'],
    ['users:\n- name: u', 'DIR/CONFIG:2: users[0]: expected a mapping user'],
    ['contexts: []', 'DIR/CONFIG: expected a current-context, or a context to be named'],
    ['current-context: x', 'DIR/CONFIG: expected a context named "x", got none'],
    [
      'current-context: x\ncontexts:\n- {name: x, context: {cluster: y}}\nclusters:\n- {name: z, cluster: {}}',
      'DIR/CONFIG:3: expected a cluster named "y", got "z"',
    ],
    [
      'current-context: x\ncontexts:\n- {name: x, context: {cluster: z, user: y}}\nclusters:\n- {name: z, cluster: {server: "https://a"}}',
      'DIR/CONFIG:3: expected a user named "y", got none',
    ],
  ])('%j', async (text, message) => {
    expect(await failure(text)).toBe(message);
  });

  const CLUSTER = 'DIR/CONFIG:9: clusters[0].cluster';
  it.each([
    ['{}', `${CLUSTER}.server: expected the URL of the API server`],
    ['{server: "a:6443"}', `${CLUSTER}.server: expected a URL that begins with https:// or http://`],
    ['{server: "https://joe:hunter2@a"}', `${CLUSTER}.server: expected a URL without user and password`],
    ['{server: [1]}', `${CLUSTER}.server: expected a string`],
    [
      '{server: "https://a", certificate-authority-data: "!"}',
      `${CLUSTER}.certificate-authority-data: expected PEM in base64, got something else`,
    ],
    [
      '{server: "https://a", insecure-skip-tls-verify: 1}',
      `${CLUSTER}.insecure-skip-tls-verify: expected true or false`,
    ],
    [
      '{server: "https://a", insecure-skip-tls-verify: true, certificate-authority: x}',
      `${CLUSTER}.insecure-skip-tls-verify: expected either this or a certificate-authority, got both`,
    ],
    [
      '{server: "https://a", proxy-url: "socks5://hunter2@p"}',
      `${CLUSTER}.proxy-url: expected a URL that begins with http:// or https://; other proxies are not supported`,
    ],
  ])('cluster %s', async (cluster, message) => {
    expect(await failure(config(cluster, '{}'))).toBe(message);
  });

  const USER = 'DIR/CONFIG:12: users[0].user';
  const EXEC = 'apiVersion: client.authentication.k8s.io/v1, command: x';
  it.each([
    [
      '{auth-provider: {name: gcp}}',
      `${USER}.auth-provider: expected an exec plugin; the auth-provider gcp is of a kind that Kubernetes removed in 1.26`,
    ],
    ['{as: admin}', `${USER}.as: impersonation is not supported`],
    [`{client-key-data: ${KEY_DATA}}`, `${USER}: expected a client-certificate with its client-key, got only the key`],
    [
      '{client-key-data: TOPSECRET, client-certificate: x}',
      `${USER}.client-key-data: expected PEM in base64, got something else`,
    ],
    ['{username: joe, token: hunter2}', `${USER}.username: expected either a username or a token, got both`],
    ['{token: {a: hunter2}}', `${USER}.token: expected a string`],
    [
      '{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}}',
      `${USER}.exec.apiVersion: expected client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1, got client.authentication.k8s.io/v1alpha1`,
    ],
    [
      '{exec: {apiVersion: client.authentication.k8s.io/v1}}',
      `${USER}.exec.command: expected the name or path of a program`,
    ],
    [
      `{exec: {${EXEC}, interactiveMode: Always}}`,
      `${USER}.exec.interactiveMode: expected Never or IfAvailable: the plugin wants to ask somebody at a terminal, and there is none`,
    ],
    [`{exec: {${EXEC}, env: [{value: hunter2}]}}`, `${USER}.exec.env[0].name: expected the name of a variable`],
  ])('user %s', async (user, message) => {
    expect(await failure(config('{server: "https://a"}', user))).toBe(message);
  });
});

describe('in a cluster', () => {
  it('uses the service account of the pod', async () => {
    write('token-1\n', 'token');
    write(PEM, 'ca.crt');
    write('monitoring', 'namespace');
    const options = {
      serviceAccount: directory,
      environment: { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' },
    };
    const { server, http, namespace } = await resolveAccess({ kind: 'in-cluster' }, options);
    expect(server).toBe('https://[fd00::1]:443');
    expect(namespace).toBe('monitoring');
    expect(http.authorization?.credentialsFile).toBe(join(directory, 'token'));
    expect(http.tls.caFile).toBe(join(directory, 'ca.crt'));
  });

  it('says what is missing', async () => {
    await expect(resolveAccess({ kind: 'in-cluster' }, { environment: {} })).rejects.toThrow(
      'expected to run in a pod of the cluster, but KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set',
    );
    const options = {
      serviceAccount: join(directory, 'nowhere'),
      environment: { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' },
    };
    await expect(resolveAccess({ kind: 'in-cluster' }, options)).rejects.toThrow(
      /cannot read the service account's token .*\/nowhere\/token: no such file or directory/,
    );
  });
});
