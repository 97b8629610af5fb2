import type { HttpClientConfig } from '../../collector/scrape/scrape-config.ts';
import { Secret } from '../../collector/secret.ts';
import { buildHttpClient } from './build-client.ts';
import type { HttpClientSettings } from './http-client-keys.ts';
import type { Reading } from './reading.ts';

/** A server and how to talk to it: a user in its URL is who logs in unless the keys say otherwise. */
export function buildServer(
  given: string,
  settings: HttpClientSettings,
  reading: Reading,
): { readonly url: string; readonly client: HttpClientConfig } {
  const client = buildHttpClient(settings, reading);
  const { url, basicAuth } = withoutUserInfo(given);
  return { url, client: basicAuth === undefined || hasLogin(client) ? client : { ...client, basicAuth } };
}

function hasLogin(client: HttpClientConfig): boolean {
  return client.basicAuth !== undefined || client.authorization !== undefined;
}

/** A user and a password in a URL become what they mean, so that the URL can be shown. */
export function withoutUserInfo(given: string): {
  readonly url: string;
  readonly basicAuth: HttpClientConfig['basicAuth'];
} {
  if (!URL.canParse(given)) return { url: given, basicAuth: undefined };
  const url = new URL(given);
  if (url.username === '' && url.password === '') return { url: given, basicAuth: undefined };
  const basicAuth = {
    username: decoded(url.username),
    usernameFile: undefined,
    password: new Secret(decoded(url.password)),
    passwordFile: undefined,
  };
  url.username = '';
  url.password = '';
  return { url: url.href, basicAuth };
}

/** With a percent sign that begins no escape, the text as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
