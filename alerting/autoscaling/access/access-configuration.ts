import { TrustBundle } from '../certificates/trust-bundle.ts';

/** Who may say who asks, and how: what the API server publishes for aggregated servers. */
export interface AccessConfiguration {
  /** Undefined when there is no front proxy. */
  readonly frontProxy: FrontProxy | undefined;
  /** Whose certificates are those of users. Undefined when there are none. */
  readonly clients: TrustBundle | undefined;
}

export interface FrontProxy {
  readonly bundle: TrustBundle;
  /** Common names; none allows all. */
  readonly allowedNames: readonly string[];
  /** Names of headers, in lower case. */
  readonly userHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  /** What names of headers begin with, in lower case. */
  readonly extraPrefixes: readonly string[];
}

/** Reads the data of the ConfigMap `extension-apiserver-authentication`. Throws when it is not as an API server writes it. */
export function accessConfiguration(data: Readonly<Record<string, unknown>>): AccessConfiguration {
  return { frontProxy: frontProxyOf(data), clients: bundleOf(data, 'client-ca-file') };
}

function frontProxyOf(data: Readonly<Record<string, unknown>>): FrontProxy | undefined {
  const bundle = bundleOf(data, 'requestheader-client-ca-file');
  if (bundle === undefined) return undefined;
  const lower = (key: string): readonly string[] => namesOf(data, key).map((name) => name.toLowerCase());
  return {
    bundle,
    allowedNames: namesOf(data, 'requestheader-allowed-names'),
    userHeaders: lower('requestheader-username-headers'),
    uidHeaders: lower('requestheader-uid-headers'),
    groupHeaders: lower('requestheader-group-headers'),
    // An empty prefix would make an attribute of the user of every header.
    extraPrefixes: lower('requestheader-extra-headers-prefix').filter((prefix) => prefix !== ''),
  };
}

function bundleOf(data: Readonly<Record<string, unknown>>, key: string): TrustBundle | undefined {
  const pem = data[key];
  if (pem === undefined || pem === '') return undefined;
  if (typeof pem !== 'string') throw new Error(`${key} must be a text, got a ${typeof pem}`);
  try {
    return new TrustBundle(pem);
  } catch (error) {
    throw new Error(`${key} must be certificates in PEM: ${(error as Error).message}`, { cause: error });
  }
}

/** A JSON list of texts; none when it is missing. */
function namesOf(data: Readonly<Record<string, unknown>>, key: string): readonly string[] {
  const text = data[key];
  if (text === undefined || text === '') return [];
  let names: unknown;
  try {
    names = JSON.parse(String(text));
  } catch {
    // Told below.
  }
  if (names === null) return [];
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string')) {
    throw new Error(`${key} must be a JSON list of texts, got ${JSON.stringify(text)?.slice(0, 100)}`);
  }
  return names;
}
