import { isIP } from 'node:net';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Where a request arrived. */
export interface Arrival {
  /** The server's own address of the connection; undefined when there is none. */
  readonly address: string | undefined;
  /** Names under which the server is reached, beside addresses and localhost. */
  readonly hosts: readonly string[];
}

/**
 * Whose web page sends a request, when it is not one that this server serves; undefined for its own pages, and for clients that are
 * no browsers and name no origin. A page of anybody else must not change anything here in the name of its visitor. Anybody can have a
 * name point to 127.0.0.1, and then their page seems to be of this server: so what arrives there must have a name that is known.
 */
export function foreignOrigin(headers: Headers, { address, hosts }: Arrival): string | undefined {
  const origin = first(headers.origin);
  if (origin === undefined) {
    // Browsers that leave out the origin say at least this.
    return first(headers['sec-fetch-site']) === 'cross-site' ? 'another site' : undefined;
  }
  // A proxy in front may have another name; no page can set its header without being asked for permission first.
  const own = [first(headers.host), first(headers['x-forwarded-host'])?.split(',')[0]?.trim()];
  const isOwn = own.some((host) => host !== undefined && host !== '' && isSameHost(origin, host));
  if (!isOwn) return origin;
  return isLoopback(address) && !isKnownName(new URL(origin).hostname, hosts) ? origin : undefined;
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);
}

function isKnownName(name: string, hosts: readonly string[]): boolean {
  return isIP(name.replace(/^\[|\]$/g, '')) !== 0 || /^(.+\.)?localhost$/.test(name) || hosts.includes(name);
}

/** A proxy may speak TLS where this server does not, so the scheme does not count. */
function isSameHost(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: from } = new URL(origin);
  return URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === from;
}

function first(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
