import { afterEach, describe, expect, it } from 'vitest';
import { selfSigned } from '../../../simulator/api/self-signed.ts';
import { type BedOptions, createBed, parseItem, resolvedOf } from './integration-bed.case.ts';
import { type SmtpOptions, startSmtpServer } from './smtp-server.case.ts';

const tls = selfSigned();
const authority = `tls_config:\n  ca: |\n${tls.cert.trimEnd().replace(/^/gm, '    ')}\n`;
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const PEOPLE = 'ops@example.org, Night <night@example.org>';

async function setup(server: SmtpOptions, item: string, options: BedOptions & { readonly to?: string } = {}) {
  const smtp = await startSmtpServer(server);
  cleanups.push(smtp.close);
  const bed = createBed(
    'email',
    `to: '${options.to ?? PEOPLE}'\nfrom: Pharos <pharos@example.org>\nsmarthost: 127.0.0.1:${smtp.port}\n${item}`,
    options,
  );
  return { smtp, bed };
}

/** The part of that type, decoded. */
function partOf(source: string, type: string): string {
  const part = source.split(/\r\n--[^\r\n]+\r\n/).find((each) => each.includes(`Content-Type: ${type}`))!;
  const [head, ...body] = part.split('\r\n\r\n') as [string, ...string[]];
  const text = body.join('\r\n\r\n');
  if (/base64/i.test(head)) return Buffer.from(text, 'base64').toString();
  if (!/quoted-printable/i.test(head)) return text;
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

describe('e-mail', () => {
  it('comes over STARTTLS, as a page and as text, in which values are escaped', async () => {
    const login = { user: 'me', password: 'mailpassword' };
    const { smtp, bed } = await setup({ tls, ...login }, `${authority}auth_username: me\nauth_password: mailpassword`);
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    const [mail] = smtp.mails;
    expect(mail).toMatchObject({
      from: 'pharos@example.org',
      to: ['ops@example.org', 'night@example.org'],
      encrypted: true,
      login: 'PLAIN me',
    });
    expect(mail!.source).toContain('\r\nSubject: [FIRING:1] critical: Down instance=h1:9100\r\n');
    expect(mail!.source).toContain('From: Pharos <pharos@example.org>\r\n');
    const html = partOf(mail!.source, 'text/html');
    expect(html).toContain('<td colspan="2" style="padding: 2px 8px">Down &lt;is&gt; &#34;down&#34; &amp; out</td>');
    expect(html).toContain('<a href="http://pharos.example/graph?g0.expr=up">Source</a>');
    expect(partOf(mail!.source, 'text/plain')).toContain('Down (critical): Down <is> "down" & out');
    // Nothing was said before it was encrypted.
    expect(smtp.commands.slice(0, 3)).toEqual(['EHLO localhost', 'STARTTLS', 'EHLO localhost']);
  });

  it('comes over TLS from the first byte', async () => {
    const { smtp, bed } = await setup({ tls, implicitTls: true }, `${authority}force_implicit_tls: true`);
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    expect(smtp.mails[0]).toMatchObject({ encrypted: true, login: '' });
  });

  it('comes in the open only when told so', async () => {
    const { smtp, bed } = await setup({}, '');
    expect(await bed.notify()).toMatchObject({ kind: 'failed' });
    expect(smtp.mails).toEqual([]);
    const open = await setup({}, 'require_tls: false');
    expect(await open.bed.notify()).toEqual({ kind: 'delivered' });
    expect(open.smtp.mails[0]).toMatchObject({ encrypted: false });
  });

  it('does not trust a certificate that nobody vouches for', async () => {
    const { smtp, bed } = await setup({ tls }, '');
    expect(await bed.notify()).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/^sending the mail failed/),
    });
    expect(smtp.mails).toEqual([]);
    const careless = await setup({ tls }, 'tls_config: { insecure_skip_verify: true }');
    expect(await careless.bed.notify()).toEqual({ kind: 'delivered' });
  });

  it.each([
    ['LOGIN', 'auth_password: mailpassword'],
    ['CRAM-MD5', 'auth_secret: mailpassword'],
  ])('logs in by %s', async (methods, secret) => {
    const { smtp, bed } = await setup(
      { user: 'me', password: 'mailpassword', methods },
      `require_tls: false\nauth_username: me\n${secret}`,
    );
    expect(await bed.notify()).toEqual({ kind: 'delivered' });
    expect(smtp.mails[0]!.login).toBe(`${methods} me`);
  });

  it('has headers, texts and addresses of the user, on one line, and threads', async () => {
    const { smtp, bed } = await setup(
      {},
      `require_tls: false
text: ''
html: '<p title="{{ .CommonAnnotations.summary }}">{{ .Status }}</p>'
threading: { enabled: true, thread_by_date: none }
headers:
  subject: "S {{ .Status }}\\nBcc: evil@example.org"
  to: everybody@example.org
  x-level: '{{ .Level }}'`,
      { to: '{{ .GroupLabels.alertname }}@example.org' },
    );
    expect(await bed.notify({ alerts: [resolvedOf()] })).toEqual({ kind: 'delivered' });
    const [{ source, to }] = smtp.mails as [(typeof smtp.mails)[0]];
    expect(to).toEqual(['Down@example.org']);
    expect(source).toContain('Subject: S resolved Bcc: evil@example.org\r\n');
    expect(source).not.toMatch(/^Bcc:/m);
    expect(source).toContain('To: everybody@example.org\r\n');
    expect(source).toContain('X-Level: critical\r\n');
    expect(source).toMatch(/References:\s+<alert-[0-9a-f]{64}@alertmanager>/);
    expect(source).toContain('<p title="Down &lt;is&gt; &#34;down&#34; &amp; out">resolved</p>');
  });

  it.each([
    [{ MAIL: '451 4.7.1 try later' }, 'failed', 'the mail server answered 451 4.7.1 try later'],
    [{ END: '554 5.7.1 spam' }, 'refused', 'the mail server answered 554 5.7.1 spam'],
    [{ RCPT: '550 5.1.1 no such user' }, 'refused', 'the mail server answered 550 5.1.1 no such user'],
  ])('understands the reply %j', async (replies, kind, reason) => {
    const { bed } = await setup({ replies }, 'require_tls: false');
    expect(await bed.notify()).toMatchObject({ kind, reason });
  });

  it('is delivered to those whom the server takes', async () => {
    const { smtp, bed } = await setup({}, 'require_tls: false\nheaders: {}');
    const some = createBed(
      'email',
      `to: ops@example.org, nobody@example.org\nfrom: p@example.org\nsmarthost: 127.0.0.1:${smtp.port}\nrequire_tls: false`,
    );
    expect(await some.notify()).toEqual({ kind: 'delivered' });
    expect(some.log.join()).toContain('the mail server refused 1 of the addresses');
    expect(bed.log).toEqual([]);
  });

  it('gives up in time, whatever the server waits for', async () => {
    const { bed } = await setup({ silent: 'GREETING' }, 'require_tls: false\ntimeout: 100ms');
    expect(await bed.notify()).toMatchObject({ kind: 'failed' });
    const later = await setup({ silent: 'DATA' }, 'require_tls: false\ntimeout: 100ms');
    expect(await later.bed.notify()).toMatchObject({ kind: 'failed' });
  });

  it('says that nobody listens', async () => {
    const { smtp, bed } = await setup({}, '');
    await smtp.close();
    expect(await bed.notify()).toMatchObject({
      kind: 'failed',
      reason: 'sending the mail failed at CONN: ECONNREFUSED',
    });
  });

  it('keeps the password to itself', async () => {
    const password = 'mailpassword';
    const { bed } = await setup(
      {
        user: 'me',
        replies: { AUTH: `535 5.7.8 bad ${password} ${Buffer.from(`\0me\0${password}`).toString('base64')}` },
      },
      `require_tls: false\nauth_username: me\nauth_password: ${password}`,
    );
    const outcome = await bed.notify();
    expect(outcome).toEqual({ kind: 'refused', reason: 'the mail server answered 535 5.7.8 bad <secret> <secret>' });
    expect(bed.log.join()).not.toContain(password);
  });

  it('takes defaults from global, and tells what is missing', () => {
    const global = `smtp_smarthost: mail:587\nsmtp_from: a@b.c\nsmtp_auth_password_file: /x`;
    expect(parseItem('email', 'to: x@y.z', { global }).settings).toMatchObject({ sendResolved: false });
    expect(parseItem('email', 'html: x').problems).toEqual([
      '4: item: expected smarthost, here or as smtp_smarthost in global',
      '4: item: expected from, here or as smtp_from in global',
      '4: item: expected to, which is missing or empty',
    ]);
    expect(parseItem('email', 'to: a@b.c\nfrom: a@b.c\nsmarthost: mail\nauth_identity: x').problems).toEqual([
      '6: item.smarthost: expected HOST:PORT, got "mail"',
      '7: item.auth_identity: acting for another user than auth_username is not served',
    ]);
  });
});
