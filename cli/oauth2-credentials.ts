import { request } from 'undici';
import type { OAuth2Settings } from '../alerting/notify/http-client.ts';
import type { CredentialSource, Credentials } from '../collector/credential-source.ts';
import type { HttpTransport } from '../collector/http-transport.ts';
import { Secret } from '../collector/secret.ts';

/** Of a token whose answer does not say how long it is good for; milliseconds. */
const DEFAULT_LIFE = 5 * 60_000;
const MAX_ANSWER = 64 * 1024;
const TIMEOUT = 10_000;

/** Tokens by OAuth 2's client credentials grant (RFC 6749, 4.4), each used until shortly before it is over. */
export class OAuth2Credentials implements CredentialSource {
  readonly #settings: OAuth2Settings;
  readonly #transport: HttpTransport;
  readonly #now: () => number;
  #current: { readonly credentials: Credentials; readonly validUntil: number } | undefined;
  #fetching: Promise<Credentials> | undefined;

  /** `now` is in milliseconds and never jumps. */
  constructor(
    settings: OAuth2Settings,
    { transport, now = () => performance.now() }: { readonly transport: HttpTransport; readonly now?: () => number },
  ) {
    this.#settings = settings;
    this.#transport = transport;
    this.#now = now;
  }

  async get(): Promise<Credentials> {
    if (this.#current !== undefined && this.#now() < this.#current.validUntil) return this.#current.credentials;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  refused(): void {
    this.#current = undefined;
  }

  async #fetch(): Promise<Credentials> {
    const asked = this.#now();
    const answer = await this.#ask();
    const { access_token: token, expires_in: seconds } = answer;
    if (typeof token !== 'string' || token === '') throw new Error('the token server gave no access_token');
    const life = typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : DEFAULT_LIFE;
    const credentials: Credentials = { token: new Secret(token), cert: undefined, key: undefined };
    this.#current = { credentials, validUntil: asked + 0.9 * life };
    return credentials;
  }

  /** Rejects with an error without secrets. */
  async #ask(): Promise<Readonly<Record<string, unknown>>> {
    const { clientId, clientSecret, tokenUrl, scopes, endpointParams } = this.#settings;
    const secret = (await clientSecret?.read()) ?? '';
    const form = new URLSearchParams({ grant_type: 'client_credentials', ...endpointParams });
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    const login = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64');
    const headers = { ...(await this.#transport.headers()), authorization: `Basic ${login}` };
    let status: number;
    let text: string;
    try {
      const { statusCode, body } = await request(tokenUrl, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: form.toString(),
        dispatcher: this.#transport.dispatcher,
        signal: AbortSignal.timeout(TIMEOUT),
      });
      status = statusCode;
      text = (await body.text()).slice(0, MAX_ANSWER);
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      throw new Error(`no token could be fetched: ${code ?? name}`);
    }
    if (status < 200 || status > 299) throw new Error(`no token could be fetched: status ${status}`);
    try {
      return JSON.parse(text) as Readonly<Record<string, unknown>>;
    } catch {
      throw new Error('no token could be fetched: the answer is no JSON');
    }
  }
}
