import type { Clock } from '../../clock/clock.ts';
import type { CredentialSource, Credentials } from '../credential-source.ts';
import type { KubeconfigUser } from './kubeconfig.ts';

export interface KubeconfigCredentialsOptions {
  /** Reads the user of the kubeconfig anew. */
  readonly read: () => Promise<KubeconfigUser | undefined>;
  readonly clock: Clock;
}

/** The kubeconfig is not read more often than this, however often its credentials are refused. */
const MIN_INTERVAL = 2_000;

/**
 * The token and the client certificate that stand in a kubeconfig itself. When a server refuses them the kubeconfig is read
 * again: whoever renews them there need not start anything anew. One that cannot be read meanwhile changes nothing. Undefined
 * when there are none of these.
 */
export function kubeconfigCredentials(
  user: KubeconfigUser | undefined,
  { read, clock }: KubeconfigCredentialsOptions,
): CredentialSource | undefined {
  let current = credentialsOf(user);
  if (current === undefined) return undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let isRefused = false;
  let reading: Promise<void> | undefined;

  const readAgain = async (): Promise<void> => {
    readAt = clock.elapsed();
    // What is refused from now on may be what is being read.
    isRefused = false;
    const found = credentialsOf(await read().catch(() => undefined));
    // The same object for the same credentials, so that nobody makes new connections for nothing.
    if (found !== undefined && !isSame(found, current!)) current = found;
  };

  return {
    async get() {
      if (isRefused && reading === undefined && clock.elapsed() - readAt >= MIN_INTERVAL) {
        reading = readAgain().finally(() => {
          reading = undefined;
        });
      }
      await reading;
      return current!;
    },
    refused() {
      isRefused = true;
    },
  };
}

/** A token in a file is read with every request, and a certificate in a file when it changes: they are not meant here. */
function credentialsOf(user: KubeconfigUser | undefined): Credentials | undefined {
  if (user === undefined) return undefined;
  const { token, tokenFile, cert, key } = user;
  const inline = {
    token: tokenFile === undefined ? token : undefined,
    cert,
    key: cert === undefined ? undefined : key,
  };
  return inline.token === undefined && inline.cert === undefined ? undefined : inline;
}

function isSame(a: Credentials, b: Credentials): boolean {
  return a.token?.reveal() === b.token?.reveal() && a.cert === b.cert && a.key?.reveal() === b.key?.reveal();
}
