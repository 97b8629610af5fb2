import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { type Clock, SYSTEM_CLOCK } from '../../../clock/clock.ts';
import { type AccessControl, AccessError, type Action, type RequestUser } from '../access-control.ts';
import { type ApiCaller, reasonOf } from '../api-caller.ts';
import { type Certificate, subjectOf } from '../certificates/certificate.ts';
import { UntrustedError } from '../certificates/trust-bundle.ts';
import { AccessReviews } from './access-reviews.ts';
import { clientCertificate } from './client-certificate.ts';
import { FollowedConfiguration } from './followed-configuration.ts';
import { forbiddenMessage } from './forbidden-message.ts';
import { frontProxyUser, saysWho } from './front-proxy-user.ts';
import { TooManyReviewsError } from './review-cache.ts';
import { TokenReviews } from './token-reviews.ts';

export interface DelegatedAccessOptions {
  /** With the rights of `system:auth-delegator` and `extension-apiserver-authentication-reader`. */
  readonly api: ApiCaller;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Called whenever those are others whose certificates may count: PEM, for the list that a TLS server tells its clients. */
  readonly onAuthorities?: (pems: readonly string[]) => void;
  /** Tokens that were made for one of them count, and no others. Default: those that were made for the API server. */
  readonly audiences?: readonly string[];
  /** Milliseconds between two looks at whom the API server vouches for. Default 30,000. */
  readonly interval?: number;
}

const HEALTH: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz']);
const AUTHENTICATED = 'system:authenticated';
const UNAUTHENTICATED = 'system:unauthenticated';
const MASTERS = 'system:masters';
const ANONYMOUS: RequestUser = {
  name: 'system:anonymous',
  uid: undefined,
  groups: [UNAUTHENTICATED],
  extra: new Map(),
};
/** Milliseconds between two lines of the log about the same reason to refuse. */
const QUIET = 60_000;
const MAX_REASONS = 100;

/**
 * Access control as every aggregated API server has it: the cluster's API server says who asks and what they may do. In this
 * order: the front proxy with its certificate, which names users in headers; a user's own certificate; a bearer token. Whatever
 * cannot be found out is refused. Only whether the server is alive may be asked by everybody.
 */
export class DelegatedAccess implements AccessControl {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #configuration: FollowedConfiguration;
  readonly #tokens: TokenReviews;
  readonly #reviews: AccessReviews;
  /** When something was logged last, by the reason. */
  readonly #told = new Map<string, number>();

  /** Begins to read whom the API server vouches for. */
  constructor(options: DelegatedAccessOptions) {
    const { api, logger, clock = SYSTEM_CLOCK, onAuthorities, audiences, interval } = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#tokens = new TokenReviews({ api, clock, audiences });
    this.#reviews = new AccessReviews({ api, clock });
    this.#configuration = new FollowedConfiguration({
      api,
      clock,
      logger,
      interval,
      onChange: ({ frontProxy, clients }) =>
        onAuthorities?.([frontProxy?.bundle.pem, clients?.pem].filter((pem) => pem !== undefined)),
    });
  }

  /** Whether it is known whom the API server vouches for; until then nobody is let in. */
  get isReady(): boolean {
    return this.#configuration.current !== undefined;
  }

  /** Once for each request: headers that say who asks are removed from it, and so are credentials. */
  async authenticate(request: IncomingMessage, signal: AbortSignal): Promise<RequestUser> {
    const { rawHeaders } = request;
    const { authorization } = request.headers;
    this.#removeCredentials(request);
    if (HEALTH.has(pathOf(request))) return ANONYMOUS;
    const configuration = this.#configuration.current;
    if (configuration === undefined) {
      throw new AccessError(503, 'it is not known yet whom the API server vouches for; see the log');
    }
    const reasons: string[] = [];
    const byProxy = this.#byFrontProxy(request, rawHeaders, reasons);
    if (byProxy !== undefined) return authenticated(byProxy);
    if (request.headers['impersonate-user'] !== undefined) {
      throw new AccessError(403, 'users can be impersonated only through the API server');
    }
    const user = this.#byCertificate(request, reasons) ?? (await this.#byToken(authorization, reasons, signal));
    if (user !== undefined) return authenticated(user);
    const reason = reasons.join('; ') || 'there are no credentials';
    this.#tell(reason, `a request was refused: ${reason}`);
    throw new AccessError(401, 'Unauthorized', { cause: new Error(reason) });
  }

  async authorize(user: RequestUser, action: Action, signal: AbortSignal): Promise<void> {
    if ('path' in action && HEALTH.has(action.path)) return;
    if (user.groups.includes(MASTERS)) return;
    const { allowed, reason } = await this.#reviews.review(user, action, signal).catch((error: unknown) => {
      throw this.#unknown('what a user may do', error, signal);
    });
    if (!allowed) throw new AccessError(403, forbiddenMessage(user, action, reason));
  }

  async close(): Promise<void> {
    await this.#configuration.close();
  }

  #byFrontProxy(request: IncomingMessage, rawHeaders: readonly string[], reasons: string[]): RequestUser | undefined {
    const { frontProxy } = this.#configuration.current!;
    const certificate = frontProxy && clientCertificate(request.socket);
    if (frontProxy === undefined || certificate === undefined) return undefined;
    try {
      const { commonName } = subjectOf(certificate.verify(frontProxy.bundle, this.#clock.now()));
      const { allowedNames } = frontProxy;
      if (allowedNames.length > 0 && !allowedNames.includes(commonName)) {
        throw new UntrustedError(`the name ${JSON.stringify(commonName)} is not among requestheader-allowed-names`);
      }
      return frontProxyUser(rawHeaders, frontProxy);
    } catch (error) {
      reasons.push(`as a front proxy's: ${reasonOf(error)}`);
      return undefined;
    }
  }

  #byCertificate(request: IncomingMessage, reasons: string[]): RequestUser | undefined {
    const { clients } = this.#configuration.current!;
    const certificate = clients && clientCertificate(request.socket);
    if (clients === undefined || certificate === undefined) return undefined;
    try {
      return userOf(certificate.verify(clients, this.#clock.now()));
    } catch (error) {
      reasons.push(`as a client's: ${reasonOf(error)}`);
      return undefined;
    }
  }

  async #byToken(header: string | undefined, reasons: string[], signal: AbortSignal): Promise<RequestUser | undefined> {
    if (header === undefined) return undefined;
    const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(header)?.[1];
    if (token === undefined) {
      reasons.push('the header Authorization holds no bearer token');
      return undefined;
    }
    const user = await this.#tokens.userOf(token, signal).catch((error: unknown) => {
      throw this.#unknown('whose a token is', error, signal);
    });
    if (user === undefined) reasons.push('the bearer token is not valid');
    return user;
  }

  /** The error for what the API server did not answer. */
  #unknown(what: string, error: unknown, signal: AbortSignal): AccessError {
    const message = `cannot find out ${what}`;
    if (!signal.aborted) this.#tell(`${message}: ${reasonOf(error)}`, `${message}: ${reasonOf(error)}`);
    const why = error instanceof TooManyReviewsError ? error.message : 'the API server did not answer a review';
    return new AccessError(503, `${message}: ${why}`, { cause: error });
  }

  #removeCredentials(request: IncomingMessage): void {
    const frontProxy = this.#configuration.current?.frontProxy;
    for (const name of Object.keys(request.headers)) {
      if (name === 'authorization' || saysWho(name, frontProxy)) delete request.headers[name];
    }
  }

  #tell(reason: string, message: string): void {
    const now = this.#clock.elapsed();
    const last = this.#told.get(reason);
    if (last !== undefined && now - last < QUIET) return;
    if (this.#told.size >= MAX_REASONS) this.#told.clear();
    this.#told.set(reason, now);
    this.#logger.warn(message);
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** As Kubernetes: the common name is the user, the organizations are the groups. */
function userOf(certificate: Certificate): RequestUser {
  const { commonName, organizations } = subjectOf(certificate);
  if (commonName === '') throw new UntrustedError('the certificate has no common name');
  return { name: commonName, uid: undefined, groups: organizations, extra: new Map() };
}

function authenticated(user: RequestUser): RequestUser {
  const { groups } = user;
  if (groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED)) return user;
  return { ...user, groups: [...groups, AUTHENTICATED] };
}
