import type { IncomingMessage } from 'node:http';
import { HttpException } from './http-exception.ts';

/** A request without its body: what the address and the headers say. */
export interface HttpRequest {
  readonly queryId: string | undefined;
  /** The part of the SQL that the address has. */
  readonly query: string | undefined;
  readonly database: string | undefined;
  /** The format when the SQL names none. */
  readonly format: string;
  readonly settings: ReadonlyMap<string, string>;
  /** The values of `{name:Type}`, in ClickHouse's escaped text form. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Answer only when the whole result is there, so that every error has a status. */
  readonly wait: boolean;
  /** The client accepts a compressed answer, if its Accept-Encoding names a method. */
  readonly compress: boolean;
}

/** Reads the address and the headers. Throws an HttpException for what this server cannot do. */
export function parseRequest(message: IncomingMessage): HttpRequest {
  const url = new URL(message.url ?? '/', 'http://localhost');
  const settings = new Map<string, string>();
  const parameters = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('param_')) parameters.set(parameterName(name.slice(6)), value);
    else if (!OWN_PARAMETERS.has(name)) settings.set(settingName(name), value);
  }
  const own = (name: string) => url.searchParams.get(name) ?? undefined;
  for (const name of ['compress', 'decompress']) {
    if (isTrue(own(name))) {
      const message = `The native compression of ${name}=1 is not supported, use Accept-Encoding and Content-Encoding`;
      throw new HttpException('NOT_IMPLEMENTED', message);
    }
  }
  const queries = url.searchParams.getAll('query');
  return {
    queryId: own('query_id') || undefined,
    query: queries.length === 0 ? undefined : queries.join(''),
    database: own('database') || header(message, 'x-clickhouse-database') || undefined,
    format: header(message, 'x-clickhouse-format') || own('default_format') || 'TabSeparated',
    settings,
    parameters,
    wait: isTrue(own('wait_end_of_query')) || isTrue(own('http_wait_end_of_query')),
    compress: isTrue(own('enable_http_compression')),
  };
}

/** Parameters that are the protocol's and not the engine's: answered here, or without a meaning here. */
const OWN_PARAMETERS = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'compress',
  'decompress',
  'enable_http_compression',
  'wait_end_of_query',
  'http_wait_end_of_query',
  // Every request has a session of its own; nobody relies on more than being allowed to name one.
  'session_id',
  'session_timeout',
  'session_check',
  'close_session',
  'user',
  'password',
  'quota_key',
  'role',
  'stacktrace',
  'buffer_size',
  'http_response_buffer_size',
  'client_protocol_version',
  'http_zlib_compression_level',
  'http_native_compression_disable_checksumming_on_decompress',
  'http_write_exception_in_output_format',
  'http_headers_progress_interval_ms',
  'send_progress_in_http_headers',
  'add_http_cors_header',
  // A query always ends when its reader has gone.
  'cancel_http_readonly_queries_on_client_close',
]);

/** The user's name and password, from wherever ClickHouse's clients put them. Empty when there are none. */
export function credentials(message: IncomingMessage): { user: string; password: string } {
  const authorization = message.headers.authorization;
  if (authorization !== undefined && /^basic /i.test(authorization)) {
    const [user = '', ...password] = Buffer.from(authorization.slice(6), 'base64').toString().split(':');
    return { user, password: password.join(':') };
  }
  const url = new URL(message.url ?? '/', 'http://localhost');
  return {
    user: header(message, 'x-clickhouse-user') ?? url.searchParams.get('user') ?? '',
    password: header(message, 'x-clickhouse-key') ?? url.searchParams.get('password') ?? '',
  };
}

/** The name of a query parameter, which becomes part of a statement. Throws an HttpException for any other text. */
export function parameterName(name: string): string {
  if (/^[A-Za-z0-9_]+$/.test(name)) return name;
  throw new HttpException('BAD_ARGUMENTS', `The name of a query parameter must be a word, got ${JSON.stringify(name)}`);
}

function settingName(name: string): string {
  if (/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) return name;
  throw new HttpException('BAD_ARGUMENTS', `The name of a setting must be a word, got ${JSON.stringify(name)}`);
}

function header(message: IncomingMessage, name: string): string | undefined {
  const value = message.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true';
}
