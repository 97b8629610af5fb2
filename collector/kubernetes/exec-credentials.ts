import { type ExecFileException, execFile } from 'node:child_process';
import type { Clock } from '../../clock/clock.ts';
import type { CredentialSource, Credentials } from '../credential-source.ts';
import { Secret } from '../secret.ts';

/** A program that issues credentials, as a kubeconfig names it. */
export interface ExecPlugin {
  readonly apiVersion: 'client.authentication.k8s.io/v1' | 'client.authentication.k8s.io/v1beta1';
  /** Absolute, or a name that is looked for in PATH. */
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process' environment. */
  readonly env: ReadonlyMap<string, Secret>;
  /** What to tell somebody who does not have the program; '' for nothing. */
  readonly installHint: string;
  /** Whether it wants to know which cluster it is for. */
  readonly provideClusterInfo: boolean;
}

/** What a plugin is told about the cluster, in the API's words. */
export interface ExecClusterInfo {
  readonly server: string;
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  /** PEM in base64. */
  readonly 'certificate-authority-data'?: string;
  readonly 'proxy-url'?: string;
}

export interface ExecCredentialsOptions {
  /** The environment that the program gets, without the plugin's own variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cluster: ExecClusterInfo;
  readonly clock: Clock;
  /** Milliseconds that the program may take. Default 30,000. */
  readonly timeout?: number;
}

/** Credentials are fetched anew this long before their end. */
const EARLY = 30_000;
/** The program is not started more often than this, however often its credentials are refused or it fails. */
const MIN_INTERVAL = 5_000;
const MAX_OUTPUT = 1024 ** 2;

/**
 * Credentials that a program prints as an ExecCredential. They are kept until shortly before they expire, those without an
 * end until they are refused. A failure of the program is an error only once the old ones are over.
 */
export function execCredentials(plugin: ExecPlugin, options: ExecCredentialsOptions): CredentialSource {
  const { clock } = options;
  let current: Issued | undefined;
  let failure: unknown;
  let startedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<Credentials> | undefined;

  const fetch = async (): Promise<Credentials> => {
    startedAt = clock.elapsed();
    failure = undefined;
    try {
      const text = await runPlugin(plugin, options);
      const issued = parseCredential(text, plugin);
      // The same object for the same credentials, so that nobody makes new connections for nothing.
      current = isSame(current?.credentials, issued.credentials)
        ? { ...issued, credentials: current!.credentials }
        : issued;
      return current.credentials;
    } catch (error) {
      failure = error;
      if (current !== undefined && clock.now() < current.expiresAt) return current.credentials;
      throw error;
    }
  };

  return {
    get() {
      if (current !== undefined && clock.now() < current.expiresAt - EARLY) return Promise.resolve(current.credentials);
      if (running !== undefined) return running;
      if (clock.elapsed() - startedAt < MIN_INTERVAL) {
        if (current !== undefined && clock.now() < current.expiresAt) return Promise.resolve(current.credentials);
        if (failure !== undefined) return Promise.reject(failure as Error);
      }
      running = fetch().finally(() => {
        running = undefined;
      });
      return running;
    },
    refused() {
      if (running === undefined && clock.elapsed() - startedAt >= MIN_INTERVAL) current = undefined;
    },
  };
}

interface Issued {
  readonly credentials: Credentials;
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

function isSame(a: Credentials | undefined, b: Credentials): boolean {
  return a?.token?.reveal() === b.token?.reveal() && a?.cert === b.cert && a?.key?.reveal() === b.key?.reveal();
}

function runPlugin(
  plugin: ExecPlugin,
  { environment, cluster, timeout = 30_000 }: ExecCredentialsOptions,
): Promise<string> {
  const spec = { interactive: false, ...(plugin.provideClusterInfo && { cluster }) };
  const info = { apiVersion: plugin.apiVersion, kind: 'ExecCredential', spec };
  const env = {
    ...environment,
    ...Object.fromEntries([...plugin.env].map(([name, value]) => [name, value.reveal()])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  };
  return new Promise((resolve, reject) => {
    const options = { env, timeout, maxBuffer: MAX_OUTPUT, killSignal: 'SIGKILL', encoding: 'utf8' } as const;
    const child = execFile(plugin.command, plugin.args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      // Without its cause, which quotes the arguments and the output.
      else reject(new Error(`${nameOf(plugin)} ${whyFailed(error, plugin, { timeout, stderr })}`));
    });
    child.stdin?.end();
  });
}

function nameOf({ command }: ExecPlugin): string {
  return `the credential plugin ${command}`;
}

function whyFailed(
  error: ExecFileException,
  plugin: ExecPlugin,
  { timeout, stderr }: { readonly timeout: number; readonly stderr: string },
): string {
  if (error.code === 'ENOENT') {
    return `was not found${plugin.installHint === '' ? '' : `: ${plugin.installHint.trim()}`}`;
  }
  if (error.code === 'EACCES') return 'may not be executed';
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `printed more than ${MAX_OUTPUT} bytes`;
  if (error.killed === true) return `did not end within ${timeout} ms`;
  const said = withoutSecrets(stderr, plugin);
  return `failed with ${error.signal ?? `exit code ${error.code}`}${said === '' ? '' : `: ${said}`}`;
}

/** The beginning of what a program complained about, without what may be a secret. */
function withoutSecrets(stderr: string, { env }: ExecPlugin): string {
  let text = stderr.slice(0, 2_000);
  for (const value of env.values()) {
    const secret = value.reveal();
    if (secret.length >= 6) text = text.replaceAll(secret, '<secret>');
  }
  return text
    .replace(/[A-Za-z0-9+=_-]{24,}(?:[./][A-Za-z0-9+=_-]+)*/g, '<secret>')
    .trim()
    .split('\n')
    .slice(0, 3)
    .join(' ')
    .slice(0, 300);
}

function parseCredential(text: string, plugin: ExecPlugin): Issued {
  const fail = (wanted: string): Error => new Error(`${nameOf(plugin)} printed something wrong: expected ${wanted}`);
  let credential: Partial<Record<'apiVersion' | 'kind' | 'status', unknown>> | null;
  try {
    credential = JSON.parse(text) as typeof credential;
  } catch {
    throw fail('JSON');
  }
  if (credential?.kind !== 'ExecCredential') throw fail('an object of kind ExecCredential');
  if (credential.apiVersion !== plugin.apiVersion) throw fail(`apiVersion ${plugin.apiVersion}`);
  const status = (credential.status ?? {}) as Readonly<Record<string, unknown>>;
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
  for (const [name, value] of Object.entries({ token, cert, key, expirationTimestamp })) {
    if (value !== undefined && value !== null && typeof value !== 'string') throw fail(`${name} to be a string`);
  }
  const given = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
  const secret = (value: unknown): Secret | undefined =>
    given(value) === undefined ? undefined : new Secret(value as string);
  if ((given(cert) === undefined) !== (given(key) === undefined)) {
    throw fail('clientCertificateData and clientKeyData together');
  }
  const credentials = { token: secret(token), cert: given(cert), key: secret(key) };
  if (credentials.token === undefined && credentials.cert === undefined) throw fail('a token or a client certificate');
  const expiration = given(expirationTimestamp);
  const expiresAt = expiration === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiration);
  if (Number.isNaN(expiresAt)) throw fail('an expirationTimestamp as in RFC 3339');
  return { credentials, expiresAt };
}
