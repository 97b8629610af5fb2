import { dirname, isAbsolute, join, resolve } from 'node:path';
import { Secret } from '../secret.ts';
import { readWholeFile } from '../secret-file.ts';
import type { ExecPlugin } from './exec-credentials.ts';
import { YamlPlace } from './yaml-place.ts';

/**
 * What kubeconfig files say. Paths are absolute. A cluster and a user are read when they are asked for, and throw then what
 * is wrong with them: a file may hold some that are of no use here beside the one that is wanted.
 */
export interface Kubeconfig {
  /** Undefined when no file names one. */
  readonly currentContext: string | undefined;
  readonly contexts: ReadonlyMap<string, KubeconfigContext>;
  readonly clusters: ReadonlyMap<string, () => KubeconfigCluster>;
  readonly users: ReadonlyMap<string, () => KubeconfigUser>;
}

export interface KubeconfigContext {
  readonly name: string;
  readonly cluster: string;
  /** '' when the context names none: then requests are anonymous. */
  readonly user: string;
  readonly namespace: string;
  /** `file:line`, for messages. */
  readonly place: string;
}

export interface KubeconfigCluster {
  readonly server: string;
  /** PEM, or the file that holds it. */
  readonly ca: string | undefined;
  readonly caFile: string | undefined;
  readonly insecureSkipVerify: boolean;
  readonly serverName: string | undefined;
  readonly proxyUrl: Secret | undefined;
}

export interface KubeconfigUser {
  readonly token: Secret | undefined;
  readonly tokenFile: string | undefined;
  /** PEM, or the file that holds it. */
  readonly cert: string | undefined;
  readonly certFile: string | undefined;
  readonly key: Secret | undefined;
  readonly keyFile: string | undefined;
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly exec: ExecPlugin | undefined;
}

/** Bytes of a kubeconfig; those with many clusters hold many certificates. */
const LIMIT = 8 * 1024 ** 2;

/**
 * Reads a kubeconfig, or several as KUBECONFIG lists them: then the first one that says something counts, and those that
 * do not exist are passed over as long as one does. Rejects with an error that names file, line and what was expected.
 */
export async function readKubeconfig(files: string | readonly string[]): Promise<Kubeconfig> {
  const list = typeof files === 'string' ? [files] : files;
  const contexts = new Map<string, KubeconfigContext>();
  const clusters = new Map<string, () => KubeconfigCluster>();
  const users = new Map<string, () => KubeconfigUser>();
  let currentContext: string | undefined;
  let missing: unknown;
  let found = 0;
  for (const file of list) {
    let text: string;
    try {
      text = await readWholeFile(resolve(file), 'kubeconfig', LIMIT);
    } catch (error) {
      if (list.length === 1 || !isMissing(error)) throw error;
      missing ??= error;
      continue;
    }
    found++;
    const root = YamlPlace.parse(text, file);
    checkKind(root);
    currentContext ??= root.at('current-context').text();
    addNamed(root.at('contexts'), 'context', contexts, readContext);
    addNamed(root.at('clusters'), 'cluster', clusters, (place) => () => readCluster(place));
    addNamed(root.at('users'), 'user', users, (place) => () => readUser(place));
  }
  if (found === 0) throw missing ?? new Error('expected at least one kubeconfig');
  return { currentContext, contexts, clusters, users };
}

/** The contexts of a kubeconfig or several, in their order. Rejects as `readKubeconfig` does. */
export async function listContexts(
  files: string | readonly string[],
): Promise<readonly (KubeconfigContext & { readonly isCurrent: boolean })[]> {
  const { contexts, currentContext } = await readKubeconfig(files);
  return [...contexts.values()].map((context) => ({ ...context, isCurrent: context.name === currentContext }));
}

function isMissing(error: unknown): boolean {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

function checkKind(root: YamlPlace): void {
  if (root.isMissing) throw root.error('expected a kubeconfig, got an empty file');
  const kind = root.at('kind');
  if ((kind.text() ?? 'Config') !== 'Config') throw kind.error(`expected Config, got ${kind.text()}`);
  const version = root.at('apiVersion');
  if ((version.text() ?? 'v1') !== 'v1') throw version.error(`expected v1, got ${version.text()}`);
}

/** Adds the elements of `[{name, <key>: {...}}]` whose names are not known yet. */
function addNamed<T>(
  list: YamlPlace,
  key: string,
  to: Map<string, T>,
  read: (place: YamlPlace, name: string) => T,
): void {
  for (const element of list.elements()) {
    const name = element.at('name').required('a name');
    if (to.has(name)) continue;
    const content = element.at(key);
    if (content.isMissing) throw element.error(`expected a mapping ${key}`);
    to.set(name, read(content, name));
  }
}

function readContext(place: YamlPlace, name: string): KubeconfigContext {
  return {
    name,
    cluster: place.at('cluster').required('the name of a cluster'),
    user: place.at('user').text() ?? '',
    namespace: place.at('namespace').text() ?? '',
    place: place.place,
  };
}

function readCluster(place: YamlPlace): KubeconfigCluster {
  const ca = pemOf(place.at('certificate-authority-data'));
  const caFile = ca === undefined ? pathOf(place.at('certificate-authority')) : undefined;
  const insecure = place.at('insecure-skip-tls-verify');
  const insecureSkipVerify = insecure.boolean();
  if (insecureSkipVerify && (ca !== undefined || caFile !== undefined)) {
    throw insecure.error('expected either this or a certificate-authority, got both');
  }
  return {
    server: readServer(place.at('server')),
    ca,
    caFile,
    insecureSkipVerify,
    serverName: place.at('tls-server-name').text(),
    proxyUrl: readProxy(place.at('proxy-url')),
  };
}

function readServer(place: YamlPlace): string {
  const text = place.required('the URL of the API server');
  const url = urlOf(text);
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw place.error('expected a URL that begins with https:// or http://');
  }
  if (url.username !== '' || url.password !== '') throw place.error('expected a URL without user and password');
  return text;
}

function readProxy(place: YamlPlace): Secret | undefined {
  const text = place.text();
  if (text === undefined) return undefined;
  const protocol = urlOf(text)?.protocol;
  if (protocol !== 'https:' && protocol !== 'http:') {
    throw place.error('expected a URL that begins with http:// or https://; other proxies are not supported');
  }
  return new Secret(text);
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function readUser(place: YamlPlace): KubeconfigUser {
  const provider = place.at('auth-provider');
  if (!provider.isMissing) {
    const name = provider.at('name').text() ?? '';
    throw provider.error(
      `expected an exec plugin; the auth-provider ${name} is of a kind that Kubernetes removed in 1.26`,
    );
  }
  for (const key of ['as', 'as-uid', 'as-groups', 'as-user-extra']) {
    if (!place.at(key).isMissing) throw place.at(key).error('impersonation is not supported');
  }
  const cert = pemOf(place.at('client-certificate-data'));
  const certFile = cert === undefined ? pathOf(place.at('client-certificate')) : undefined;
  const key = pemOf(place.at('client-key-data'));
  const keyFile = key === undefined ? pathOf(place.at('client-key')) : undefined;
  const hasCert = cert !== undefined || certFile !== undefined;
  const hasKey = key !== undefined || keyFile !== undefined;
  if (hasCert !== hasKey) {
    throw place.error(
      `expected a client-certificate with its client-key, got only the ${hasCert ? 'certificate' : 'key'}`,
    );
  }
  const token = secretOf(place.at('token'));
  const tokenFile = pathOf(place.at('tokenFile'));
  const username = place.at('username').text();
  if (username !== undefined && (token !== undefined || tokenFile !== undefined)) {
    throw place.at('username').error('expected either a username or a token, got both');
  }
  const exec = place.at('exec');
  return {
    token,
    tokenFile,
    cert,
    certFile,
    key: key === undefined ? undefined : new Secret(key),
    keyFile,
    username,
    password: secretOf(place.at('password')),
    exec: exec.isMissing ? undefined : readExec(exec),
  };
}

const EXEC_VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'] as const;

function readExec(place: YamlPlace): ExecPlugin {
  const version = place.at('apiVersion');
  const apiVersion = EXEC_VERSIONS.find((known) => known === version.text());
  if (apiVersion === undefined) {
    throw version.error(`expected ${EXEC_VERSIONS.join(' or ')}, got ${version.text() ?? 'nothing'}`);
  }
  const mode = place.at('interactiveMode');
  const interactiveMode = mode.text() ?? 'IfAvailable';
  if (interactiveMode === 'Always') {
    throw mode.error(
      'expected Never or IfAvailable: the plugin wants to ask somebody at a terminal, and there is none',
    );
  }
  if (interactiveMode !== 'Never' && interactiveMode !== 'IfAvailable') {
    throw mode.error(`expected Never, IfAvailable or Always, got ${interactiveMode}`);
  }
  const command = place.at('command').required('the name or path of a program');
  return {
    apiVersion,
    // A name without a slash is looked for in PATH.
    command: command.includes('/') ? absolute(command, place) : command,
    args: place
      .at('args')
      .elements()
      .map((arg) => arg.text() ?? ''),
    env: new Map(
      place
        .at('env')
        .elements()
        .map((variable) => [
          variable.at('name').required('the name of a variable'),
          new Secret(variable.at('value').text() ?? ''),
        ]),
    ),
    installHint: place.at('installHint').text() ?? '',
    provideClusterInfo: place.at('provideClusterInfo').boolean(),
  };
}

function secretOf(place: YamlPlace): Secret | undefined {
  const text = place.text();
  return text === undefined ? undefined : new Secret(text);
}

/** Relative paths are meant from the kubeconfig's folder. */
function pathOf(place: YamlPlace): string | undefined {
  const text = place.text();
  return text === undefined ? undefined : absolute(text, place);
}

function absolute(path: string, { file }: YamlPlace): string {
  return isAbsolute(path) ? path : join(dirname(resolve(file)), path);
}

/** The PEM that a …-data field holds in base64. */
function pemOf(place: YamlPlace): string | undefined {
  const text = place.text()?.replace(/\s+/g, '');
  if (text === undefined || text === '') return undefined;
  const pem = /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64').toString('latin1') : '';
  if (!pem.includes('-----BEGIN ')) throw place.error('expected PEM in base64, got something else');
  return pem;
}
