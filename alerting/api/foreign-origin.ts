/**
 * Whose web page sends a request, when it is not one that this server serves; undefined for its own pages, and for clients that are
 * no browsers and name no origin. A page of anybody else must not change anything here in the name of its visitor.
 */
export function foreignOrigin(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): string | undefined {
  const origin = first(headers.origin);
  if (origin === undefined) {
    // Browsers that leave out the origin say at least this.
    return first(headers['sec-fetch-site']) === 'cross-site' ? 'another site' : undefined;
  }
  // A proxy in front may have another name; no page can set its header without being asked for permission first.
  const own = [first(headers.host), first(headers['x-forwarded-host'])?.split(',')[0]?.trim()];
  return own.some((host) => host !== undefined && host !== '' && isSameHost(origin, host)) ? undefined : origin;
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
