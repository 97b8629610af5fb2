import { isIP } from 'node:net';
import type { ConnectionOptions, SecureVersion } from 'node:tls';
import { createTransport, type NodemailerError, type SMTPTransportOptions } from 'nodemailer';
import type { TlsSettings, TlsVersion } from '../http-client.ts';
import type { Integration, IntegrationSettings, Outcome } from '../integration.ts';
import type { SecretSource } from '../secret-source.ts';
import { excerpt, guarded } from './attempt.ts';
import type { Globals } from './globals.ts';
import { groupHash } from './group-hash.ts';
import { readTlsConfig } from './http-config.ts';
import { type CommonSettings, type IntegrationContext, readCommon, renderingOf } from './http-integration.ts';
import type { Rendering } from './rendering.ts';
import type { Section } from './section.ts';

export const EMAIL_KEYS = [
  'send_resolved',
  'timeout',
  'to',
  'from',
  'smarthost',
  'hello',
  'auth_username',
  'auth_password',
  'auth_password_file',
  'auth_secret',
  'auth_secret_file',
  'auth_identity',
  'require_tls',
  'force_implicit_tls',
  'tls_config',
  'html',
  'text',
  'headers',
  'threading',
];

const TIMEOUT = 30_000;
const VERSIONS: Readonly<Record<TlsVersion, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

interface EmailSettings {
  readonly common: CommonSettings;
  readonly host: string;
  readonly port: number;
  readonly hello: string;
  readonly username: string;
  readonly password: SecretSource | undefined;
  /** Of CRAM-MD5, which is used when there is no password. */
  readonly secret: SecretSource | undefined;
  /** TLS from the first byte; otherwise STARTTLS, where `requireTls`. */
  readonly implicitTls: boolean;
  readonly requireTls: boolean;
  readonly tls: TlsSettings;
  /** Templates. */
  readonly to: string;
  readonly from: string;
  readonly html: string;
  readonly text: string;
  /** By name as it is usually written. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the mails of one group have in common: all of them, or those of a day. */
  readonly threads: 'none' | 'group' | 'day';
}

/** `email_configs`: a mail through an SMTP server. */
export function parseEmail(section: Section, globals: Globals, context: IntegrationContext): IntegrationSettings {
  const { smtp } = globals;
  const smarthost = section.text('smarthost', smtp.smarthost);
  const address = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(smarthost);
  if (smarthost === '') section.report(undefined, 'expected smarthost, here or as smtp_smarthost in global');
  else if (address === null) section.report('smarthost', `expected HOST:PORT, got ${JSON.stringify(smarthost)}`);
  const from = section.template('from', smtp.from);
  if (from === '') section.report(undefined, 'expected from, here or as smtp_from in global');
  section.required('to');
  const username = section.text('auth_username', smtp.username);
  const identity = section.text('auth_identity', smtp.identity);
  if (identity !== '' && identity !== username) {
    section.report('auth_identity', 'acting for another user than auth_username is not served');
  }
  const port = Number(address?.[3] ?? 25);
  const implicit = section.has('force_implicit_tls') ? section.boolean('force_implicit_tls', false) : smtp.implicitTls;
  const settings: EmailSettings = {
    common: readCommon(section, { sendResolved: false, timeout: TIMEOUT }),
    host: address?.[1] ?? address?.[2] ?? '',
    port,
    hello: section.text('hello', smtp.hello),
    username,
    password: section.secret('auth_password') ?? smtp.password,
    secret: section.secret('auth_secret') ?? smtp.secret,
    implicitTls: implicit ?? port === 465,
    requireTls: section.boolean('require_tls', smtp.requireTls),
    tls: section.has('tls_config') ? readTlsConfig(section, 'tls_config') : smtp.tls,
    to: section.template('to'),
    from,
    html: section.template('html', '{{ template "email.default.html" . }}'),
    text: section.template('text', '{{ template "email.default.text" . }}'),
    headers: readHeaders(section),
    threads: readThreads(section),
  };
  return {
    ...settings.common,
    create(name, { templates, clock, logger }) {
      return {
        name,
        sendResolved: settings.common.sendResolved,
        maxAlerts: settings.common.maxAlerts,
        notify(notification, signal) {
          const { receiver } = notification;
          const render = renderingOf(notification, { name, templates, logger, context });
          const rejected = (addresses: readonly string[]): void => {
            logger.warn(
              { receiver, integration: name },
              `the mail server refused ${addresses.length} of the addresses`,
            );
          };
          return guarded((inner) => send(settings, { render, rejected, signal: inner }), {
            clock,
            timeout: settings.common.timeout,
            signal,
          });
        },
      } satisfies Integration;
    },
  };
}

function readHeaders(section: Section): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, template] of Object.entries(section.templates('headers'))) {
    const usual = name.toLowerCase().replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
    if (headers[usual] !== undefined) section.report('headers', `expected each header once, got ${usual} twice`);
    headers[usual] = template;
  }
  return headers;
}

function readThreads(section: Section): EmailSettings['threads'] {
  const threading = section.section('threading', ['enabled', 'thread_by_date']);
  const byDate = threading.oneOf('thread_by_date', ['daily', 'none'], 'daily');
  if (!threading.boolean('enabled', false)) return 'none';
  return byDate === 'daily' ? 'day' : 'group';
}

interface SendContext {
  readonly render: Rendering;
  readonly rejected: (addresses: readonly string[]) => void;
  readonly signal: AbortSignal;
}

async function send(settings: EmailSettings, { render, rejected, signal }: SendContext): Promise<Outcome> {
  const to = render.secret('to', settings.to);
  const from = render.secret('from', settings.from);
  if (to === undefined || from === undefined) {
    return { kind: 'refused', reason: `the template of ${to === undefined ? 'to' : 'from'} failed` };
  }
  const { options, secrets } = await connection(settings);
  const transport = createTransport(options);
  try {
    const { To, From, Subject, ...headers } = settings.headers;
    const html = settings.html === '' ? undefined : render.html('html', settings.html, escapedLine(render));
    const info = await transport.sendMail({
      // Who gets it does not depend on whom the headers show.
      envelope: { from, to },
      from: From === undefined ? from : render.text('headers.From', From, from),
      to: To === undefined ? to : render.text('headers.To', To, to),
      subject: oneLine(render.text('headers.Subject', Subject ?? '{{ template "email.default.subject" . }}')),
      headers: { ...threadHeaders(settings, render), ...expandHeaders(headers, render) },
      ...(settings.text !== '' && { text: render.text('text', settings.text) }),
      ...(html !== undefined && { html }),
      disableFileAccess: true,
      disableUrlAccess: true,
      signal,
    } as Parameters<typeof transport.sendMail>[0]);
    if (info.rejected.length > 0) rejected(info.rejected);
    return { kind: 'delivered' };
  } catch (error) {
    return outcomeOfSmtp(error as NodemailerError, secrets);
  } finally {
    transport.close();
  }
}

async function connection(
  settings: EmailSettings,
): Promise<{ readonly options: SMTPTransportOptions; readonly secrets: readonly string[] }> {
  const { host, port, hello, implicitTls, requireTls, username, common } = settings;
  const password = await settings.password?.read();
  const secret = await settings.secret?.read();
  const pass = password ?? secret;
  const hasLogin = username !== '' && pass !== undefined;
  return {
    options: {
      host,
      port,
      name: hello,
      secure: implicitTls,
      requireTLS: !implicitTls && requireTls,
      ignoreTLS: !implicitTls && !requireTls,
      tls: await tlsOptions(settings),
      connectionTimeout: common.timeout,
      greetingTimeout: common.timeout,
      socketTimeout: common.timeout,
      dnsTimeout: common.timeout,
      ...(hasLogin && { auth: { user: username, pass, ...(password === undefined && { method: 'CRAM-MD5' }) } }),
    },
    // As SMTP has them on the wire.
    secrets: hasLogin ? [pass, base64(pass), base64(`\0${username}\0${pass}`)] : [],
  };
}

async function tlsOptions({ tls, host }: EmailSettings): Promise<ConnectionOptions> {
  const [ca, cert, key] = await Promise.all([tls.ca?.read(), tls.cert?.read(), tls.key?.read()]);
  const servername = tls.serverName ?? (isIP(host) === 0 ? host : undefined);
  return {
    rejectUnauthorized: !tls.insecureSkipVerify,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(servername !== undefined && { servername }),
    ...(tls.minVersion !== undefined && { minVersion: VERSIONS[tls.minVersion] }),
    ...(tls.maxVersion !== undefined && { maxVersion: VERSIONS[tls.maxVersion] }),
  };
}

function threadHeaders({ threads }: EmailSettings, { notification }: Rendering): Record<string, string> {
  if (threads === 'none') return {};
  const day = threads === 'day' ? `-${new Date(notification.at).toISOString().slice(0, 10)}` : '';
  const id = `<alert-${groupHash(notification.groupKey)}${day}@alertmanager>`;
  return { 'In-Reply-To': id, References: id };
}

function expandHeaders(templates: Readonly<Record<string, string>>, render: Rendering): Record<string, string> {
  return Object.fromEntries(
    Object.entries(render.texts('headers', templates)).map(([name, text]) => [name, oneLine(text)]),
  );
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').trim();
}

/** What is told where the template of the page has failed. */
function escapedLine(render: Rendering): string {
  return `<p>${render.text('html', '{{ html .Status }}: {{ html .GroupLabels }} {{ html .CommonLabels }}', '')} (the template of html failed)</p>`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** By the code of the server's reply; what is no reply is a failure on the way. */
function outcomeOfSmtp(error: NodemailerError, secrets: readonly string[]): Outcome {
  if (error.responseCode !== undefined) {
    const reason = `the mail server answered ${excerpt(error.response ?? String(error.responseCode), secrets)}`;
    return error.permanent === true ? { kind: 'refused', reason } : { kind: 'failed', reason, retryAfter: 0 };
  }
  const code = error.originalCode ?? error.code ?? 'error';
  if (code === 'EENVELOPE') return { kind: 'refused', reason: 'no address that mail can be sent to' };
  const step = error.command === undefined ? '' : ` at ${error.command}`;
  return { kind: 'failed', reason: `sending the mail failed${step}: ${code}`, retryAfter: 0 };
}
