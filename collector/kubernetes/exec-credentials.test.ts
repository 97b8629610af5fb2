import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM_CLOCK } from '../../clock/clock.ts';
import { Secret } from '../secret.ts';
import { type ExecPlugin, execCredentials } from './exec-credentials.ts';

const directory = mkdtempSync(join(tmpdir(), 'pharos-exec-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const V1 = 'client.authentication.k8s.io/v1';
const runs = join(directory, 'runs');
const output = join(directory, 'output');
let elapsed = 0;
let now = 0;
const clock = { ...SYSTEM_CLOCK, elapsed: () => elapsed, now: () => now };

beforeEach(() => {
  writeFileSync(runs, '');
  elapsed = 0;
  now = Date.parse('2026-01-01T00:00:00Z');
});

function plugin(script: string, fields: Partial<ExecPlugin> = {}): ExecPlugin {
  return {
    apiVersion: V1,
    command: '/bin/sh',
    args: ['-c', `echo run >> ${runs}; ${script}`],
    env: new Map(),
    installHint: '',
    provideClusterInfo: false,
    ...fields,
  };
}

function prints(status: unknown): void {
  writeFileSync(output, JSON.stringify({ apiVersion: V1, kind: 'ExecCredential', status }));
}

function source(of: ExecPlugin, timeout = 5_000) {
  const environment = { PATH: process.env.PATH };
  return execCredentials(of, { environment, cluster: { server: 'https://a' }, clock, timeout });
}

const started = (): number => readFileSync(runs, 'utf8').split('\n').length - 1;

describe('a credential plugin', () => {
  it('is asked once for as long as its credentials last, and some time before their end again', async () => {
    prints({ token: 'one', expirationTimestamp: '2026-01-01T01:00:00Z' });
    const credentials = source(plugin(`cat ${output}`));
    const [a, b] = await Promise.all([credentials.get(), credentials.get()]);
    expect(a).toBe(b);
    expect(a.token!.reveal()).toBe('one');
    now += 59 * 60_000;
    elapsed += 59 * 60_000;
    expect(await credentials.get()).toBe(a);
    expect(started()).toBe(1);
    now += 40_000;
    prints({ token: 'two', expirationTimestamp: '2026-01-01T02:00:00Z' });
    expect((await credentials.get()).token!.reveal()).toBe('two');
    expect(started()).toBe(2);
  });

  it('is asked anew when its credentials are refused, but not without a pause', async () => {
    prints({ token: 'one' });
    const credentials = source(plugin(`cat ${output}`));
    const one = await credentials.get();
    prints({ token: 'two' });
    credentials.refused();
    expect(await credentials.get()).toBe(one);
    elapsed += 5_000;
    credentials.refused();
    expect((await credentials.get()).token!.reveal()).toBe('two');
  });

  it('may fail as long as the old credentials last', async () => {
    prints({ token: 'one', expirationTimestamp: '2026-01-01T01:00:00Z' });
    const credentials = source(plugin(`cat ${output}`));
    const one = await credentials.get();
    rmSync(output);
    now += 3_590_000;
    elapsed += 3_590_000;
    expect(await credentials.get()).toBe(one);
    expect(started()).toBe(2);
    now += 10_000;
    // Not started again at once; then it is, and fails.
    await expect(credentials.get()).rejects.toThrow(/failed with exit code 1/);
    expect(started()).toBe(2);
    elapsed += 10_000;
    await expect(credentials.get()).rejects.toThrow(/failed with exit code 1/);
    expect(started()).toBe(3);
  });

  it('gives client certificates', async () => {
    prints({ clientCertificateData: 'CERT', clientKeyData: 'KEY' });
    const { cert, key, token } = await source(plugin(`cat ${output}`)).get();
    expect([cert, key?.reveal(), token]).toEqual(['CERT', 'KEY', undefined]);
  });

  it('gets its variables and is told what it is for', async () => {
    const script = `printf '{"apiVersion":"${V1}","kind":"ExecCredential","status":{"token":"%s"}}' "$(printf '%s' "$REGION $KUBERNETES_EXEC_INFO" | base64 -w0)"`;
    const env = new Map([['REGION', new Secret('north')]]);
    const said = await source(plugin(script, { env, provideClusterInfo: true })).get();
    expect(Buffer.from(said.token!.reveal(), 'base64').toString()).toBe(
      `north {"apiVersion":"${V1}","kind":"ExecCredential","spec":{"interactive":false,"cluster":{"server":"https://a"}}}`,
    );
  });

  it.each([
    ['echo no', 'printed something wrong: expected JSON'],
    [`echo '{"kind":"Pod"}'`, 'printed something wrong: expected an object of kind ExecCredential'],
    [`echo '{"kind":"ExecCredential","apiVersion":"v1"}'`, `printed something wrong: expected apiVersion ${V1}`],
    [
      `echo '{"kind":"ExecCredential","apiVersion":"${V1}"}'`,
      'printed something wrong: expected a token or a client certificate',
    ],
    [
      `echo '{"kind":"ExecCredential","apiVersion":"${V1}","status":{"clientKeyData":"hunter2"}}'`,
      'printed something wrong: expected clientCertificateData and clientKeyData together',
    ],
    [
      `echo '{"kind":"ExecCredential","apiVersion":"${V1}","status":{"token":"hunter2","expirationTimestamp":"soon"}}'`,
      'printed something wrong: expected an expirationTimestamp as in RFC 3339',
    ],
    [
      'echo "not logged in as hunter2 with eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIx.c2ln" >&2; exit 3',
      'failed with exit code 3: not logged in as <secret> with <secret>',
    ],
    ['yes', 'printed more than 1048576 bytes'],
  ])('that does %j is an error without secrets', async (script, message) => {
    const env = new Map([['PASSWORD', new Secret('hunter2')]]);
    const error = await source(plugin(script, { env }))
      .get()
      .catch((thrown: unknown) => thrown as Error);
    expect((error as Error).message).toBe(`the credential plugin /bin/sh ${message}`);
    expect(inspect(error, { depth: 9 })).not.toMatch(/hunter2|eyJ/);
  });

  it('that hangs is ended', async () => {
    await expect(source(plugin('sleep 60'), 100).get()).rejects.toThrow('did not end within 100 ms');
  });

  it('that is not there is named with where to get it', async () => {
    const missing = plugin('', { command: 'no-such-plugin', installHint: 'Install it from your cloud.' });
    await expect(source(missing).get()).rejects.toThrow(
      'the credential plugin no-such-plugin was not found: Install it from your cloud.',
    );
  });
});
