import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { type Clock, SYSTEM_CLOCK } from '../../clock/clock.ts';
import type { CredentialSource } from '../credential-source.ts';
import { PLAIN_HTTP_CLIENT } from '../http-transport.ts';
import type { HttpClientConfig } from '../scrape/scrape-config.ts';
import { readSecretFile } from '../secret-file.ts';
import { type ExecClusterInfo, execCredentials } from './exec-credentials.ts';
import { type Kubeconfig, type KubeconfigCluster, type KubeconfigUser, readKubeconfig } from './kubeconfig.ts';
import { type KubeconfigCredentialsOptions, kubeconfigCredentials } from './kubeconfig-credentials.ts';

/** How the API server of a cluster is reached. Plain data: `sameConfig` tells whether two accesses are the same. */
export type KubeAccess = InClusterAccess | KubeconfigAccess | ApiServerAccess;

/** With the service account of the pod that this process runs in. */
export interface InClusterAccess {
  readonly kind: 'in-cluster';
}

export interface KubeconfigAccess {
  readonly kind: 'kubeconfig';
  /** Absolute. Several are merged, as those that KUBECONFIG lists. */
  readonly file: string | readonly string[];
  /** Undefined means the file's current context. */
  readonly context: string | undefined;
}

export interface ApiServerAccess {
  readonly kind: 'api-server';
  /** Without user and password. */
  readonly url: string;
  readonly client: HttpClientConfig;
}

/** What an access comes to. */
export interface ResolvedAccess {
  readonly server: string;
  /** With credentials that are read or issued anew when it is time. */
  readonly http: HttpClientConfig;
  /** The kubeconfig's names; '' for other accesses. */
  readonly context: string;
  readonly clusterName: string;
  /** The namespace that is meant when none is said; '' when nothing says one. */
  readonly namespace: string;
}

export interface AccessOptions {
  /** This process' environment: KUBERNETES_SERVICE_HOST and …_PORT of a pod, and what credential plugins get. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where a pod finds its service account. */
  readonly serviceAccount?: string;
  readonly clock?: Clock;
  /** Milliseconds that a credential plugin may take. Default 30,000. */
  readonly execTimeout?: number;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Reads what the access names. Rejects with an error that says what is missing and where; it holds no secret. */
export async function resolveAccess(access: KubeAccess, options: AccessOptions): Promise<ResolvedAccess> {
  switch (access.kind) {
    case 'in-cluster':
      return resolveInCluster(options);
    case 'kubeconfig':
      return resolveKubeconfig(access, options);
    case 'api-server':
      return { server: access.url, http: access.client, context: '', clusterName: '', namespace: '' };
    default:
      return access satisfies never;
  }
}

/** Whether this process runs in a pod, as far as its environment says. */
export function isInCluster(environment: AccessOptions['environment']): boolean {
  return (environment.KUBERNETES_SERVICE_HOST ?? '') !== '' && (environment.KUBERNETES_SERVICE_PORT ?? '') !== '';
}

async function resolveInCluster({
  environment,
  serviceAccount = SERVICE_ACCOUNT,
}: AccessOptions): Promise<ResolvedAccess> {
  if (!isInCluster(environment)) {
    throw new Error(
      'expected to run in a pod of the cluster, but KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set',
    );
  }
  const host = environment.KUBERNETES_SERVICE_HOST!;
  const credentialsFile = join(serviceAccount, 'token');
  // Both are read again for use; here it is to say early when they are missing.
  await readSecretFile(credentialsFile, "the service account's token");
  await readSecretFile(join(serviceAccount, 'ca.crt'), "the cluster's certificate authority");
  const namespace = await readSecretFile(join(serviceAccount, 'namespace'), 'the namespace').catch(() => '');
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${environment.KUBERNETES_SERVICE_PORT}`,
    http: {
      ...PLAIN_HTTP_CLIENT,
      authorization: { type: 'Bearer', credentials: undefined, credentialsFile },
      tls: { ...PLAIN_HTTP_CLIENT.tls, caFile: join(serviceAccount, 'ca.crt') },
    },
    context: '',
    clusterName: '',
    namespace,
  };
}

async function resolveKubeconfig({ file, context }: KubeconfigAccess, options: AccessOptions): Promise<ResolvedAccess> {
  const config = await readKubeconfig(file);
  const files = typeof file === 'string' ? file : file.join(', ');
  const name = context ?? config.currentContext;
  if (name === undefined) throw new Error(`${files}: expected a current-context, or a context to be named`);
  const chosen = config.contexts.get(name);
  if (chosen === undefined) {
    throw new Error(`${files}: expected a context named ${JSON.stringify(name)}, got ${listed(config.contexts)}`);
  }
  const cluster = config.clusters.get(chosen.cluster);
  if (cluster === undefined) {
    throw new Error(
      `${chosen.place}: expected a cluster named ${JSON.stringify(chosen.cluster)}, got ${listed(config.clusters)}`,
    );
  }
  const wanted = cluster();
  return {
    server: wanted.server,
    http: await httpOf(wanted, userOf(config, chosen), {
      ...options,
      read: async () => {
        const now = await readKubeconfig(file);
        const context = now.contexts.get(name);
        return context && userOf(now, context);
      },
    }),
    context: name,
    clusterName: chosen.cluster,
    namespace: chosen.namespace,
  };
}

function userOf(
  config: Kubeconfig,
  { user, place }: { readonly user: string; readonly place: string },
): KubeconfigUser | undefined {
  if (user === '') return undefined;
  const found = config.users.get(user);
  if (found !== undefined) return found();
  throw new Error(`${place}: expected a user named ${JSON.stringify(user)}, got ${listed(config.users)}`);
}

function listed(names: ReadonlyMap<string, unknown>): string {
  return names.size === 0 ? 'none' : [...names.keys()].map((name) => JSON.stringify(name)).join(', ');
}

async function httpOf(
  cluster: KubeconfigCluster,
  user: KubeconfigUser | undefined,
  options: AccessOptions & Pick<KubeconfigCredentialsOptions, 'read'>,
): Promise<HttpClientConfig> {
  const hasToken = user?.token !== undefined || user?.tokenFile !== undefined;
  const { read, clock = SYSTEM_CLOCK } = options;
  return {
    ...PLAIN_HTTP_CLIENT,
    basicAuth:
      user?.username === undefined
        ? undefined
        : { username: user.username, usernameFile: undefined, password: user.password, passwordFile: undefined },
    authorization: hasToken
      ? {
          type: 'Bearer',
          credentials: user.tokenFile === undefined ? user.token : undefined,
          credentialsFile: user.tokenFile,
        }
      : undefined,
    // A token that stands there goes first, as it does for kubectl.
    credentials:
      user?.exec === undefined || hasToken
        ? kubeconfigCredentials(user, { read, clock })
        : await execSource(user.exec, cluster, options),
    tls: {
      ...PLAIN_HTTP_CLIENT.tls,
      ca: cluster.ca,
      caFile: cluster.caFile,
      cert: user?.cert,
      certFile: user?.certFile,
      key: user?.key,
      keyFile: user?.keyFile,
      serverName: cluster.serverName,
      insecureSkipVerify: cluster.insecureSkipVerify,
    },
    proxyUrl: cluster.proxyUrl,
  };
}

async function execSource(
  plugin: NonNullable<KubeconfigUser['exec']>,
  cluster: KubeconfigCluster,
  { environment, clock = SYSTEM_CLOCK, execTimeout }: AccessOptions,
): Promise<CredentialSource> {
  const info = plugin.provideClusterInfo ? await clusterInfo(cluster) : { server: cluster.server };
  return execCredentials(plugin, {
    environment,
    cluster: info,
    clock,
    ...(execTimeout !== undefined && { timeout: execTimeout }),
  });
}

async function clusterInfo(cluster: KubeconfigCluster): Promise<ExecClusterInfo> {
  const { caFile, serverName, proxyUrl, insecureSkipVerify } = cluster;
  const ca = caFile === undefined ? cluster.ca : await readSecretFile(caFile, 'certificate-authority');
  return {
    server: cluster.server,
    ...(serverName !== undefined && { 'tls-server-name': serverName }),
    ...(insecureSkipVerify && { 'insecure-skip-tls-verify': true }),
    ...(ca !== undefined && { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    ...(proxyUrl !== undefined && { 'proxy-url': proxyUrl.reveal() }),
  };
}
