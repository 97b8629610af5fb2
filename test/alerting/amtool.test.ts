import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Children } from '../../bench/children.ts';
import { type AlertingApiServer, startAlertingApi } from './alerting-api-server.case.ts';
import { findAlertmanager, findAmtools, startAlertmanager } from './alertmanager-peer.ts';
import { Masked } from './masked.ts';

const ALERTMANAGER = findAlertmanager(process.env);
const AMTOOLS = findAmtools(process.env);

/** One receiver gets everything, and a second one everything again; none of them tells anybody. */
const CONFIG = `global:
  resolve_timeout: 5m
route:
  receiver: ops
  group_by: [alertname]
  group_wait: 1h
  routes:
  - receiver: ops
    matchers: [alertname=~".+"]
    continue: true
  - receiver: dev
    matchers: [alertname!="", 'never!~"x y"']
    group_by: []
receivers:
- name: ops
- name: dev
`;

/**
 * What is done in turn. A word of the form $1 stands for the first id that was seen, and $FILE for a file with what the command
 * before printed.
 */
const SCRIPT: readonly (readonly string[])[] = [
  ['alert', 'query'],
  ['silence', 'query'],
  [
    'alert',
    'add',
    'Down',
    'job=web',
    'instance=a',
    '--annotation=summary="It is down"',
    '--generator-url=http://p/g?x=1',
  ],
  ['alert', 'add', 'alertname=Down', 'job=db', 'instance=b'],
  ['alert', 'add', 'alertname=Slow', 'node="x y"', 'severity=warn', '--annotation=runbook=http://r'],
  ['alert', 'add', 'Late', '--start=2020-01-01T00:00:00Z', '--end=2120-01-01T00:00:00Z'],
  ['alert', 'add', 'Over', '--start=2020-01-01T00:00:00Z', '--end=2020-01-02T00:00:00Z'],
  ['alert', 'add', 'Odd', '--start=2021-01-01T00:00:00Z', '--end=2020-01-02T00:00:00Z'],
  ['alert', 'add', 'job!=web'],
  ['alert', 'add', ''],
  ['alert', 'add'],
  ['alert'],
  ['alert', 'query', '-o', 'json'],
  ['alert', 'query', '-o', 'extended'],
  ['alert', 'query', 'Down'],
  ['alert', 'query', 'alertname=~D.*', 'job=web'],
  ['alert', 'query', 'job!=""'],
  ['alert', 'query', 'job=""'],
  ['alert', 'query', 'job=web', 'nonsense'],
  ['alert', 'query', 'Down', 'job=~('],
  ['alert', 'query', '--receiver=o.s', 'Slow'],
  ['alert', 'query', '--receiver=op'],
  ['alert', 'query', '--receiver=('],
  ['silence', 'add', 'job=web', '--comment=deploy', '--author=ann', '--duration=1h'],
  ['silence', 'add', 'Down', 'instance=~b|c', 'team!=x', 'job!~w.*', '-c', 'two "words"', '-a', 'bob', '-d', '30m'],
  [
    'silence',
    'add',
    'alertname=Later',
    '-c',
    'x',
    '-a',
    'ann',
    '--start=2100-01-01T00:00:00Z',
    '--end=2100-01-02T00:00:00Z',
  ],
  [
    'silence',
    'add',
    'alertname=Later',
    '-c',
    'x',
    '-a',
    'ann',
    '--start=2100-01-01T00:00:00Z',
    '--end=2100-01-01T00:00:00Z',
  ],
  [
    'silence',
    'add',
    'alertname=Later',
    '-c',
    'x',
    '-a',
    'ann',
    '--start=2020-01-01T00:00:00Z',
    '--end=2020-01-02T00:00:00Z',
  ],
  ['silence', 'add', 'alertname=X', '-a', 'ann'],
  ['silence', 'add', '-c', 'x', '-a', 'ann'],
  ['silence', 'add', 'job=', '-c', 'x', '-a', 'ann'],
  ['silence', 'add', 'job=~.*', '-c', 'x', '-a', 'ann'],
  ['silence', 'add', 'job=~(', '-c', 'x', '-a', 'ann'],
  ['silence'],
  ['silence', 'query', '-o', 'extended'],
  ['silence', 'query', '-o', 'json'],
  ['silence', 'query', '-q'],
  ['silence', 'query', 'job=web'],
  ['silence', 'query', 'Down'],
  ['silence', 'query', 'instance=~b|c', 'team!=x'],
  ['silence', 'query', '--within=45m'],
  ['silence', 'query', '--created-by=bob'],
  ['silence', 'query', '--id=$2'],
  ['silence', 'query', 'x=y', 'nonsense'],
  ['alert', 'query'],
  ['alert', 'query', '--silenced'],
  ['alert', 'query', '--silenced', '-o', 'json'],
  ['alert', 'query', '--silenced', '--active'],
  ['alert', 'query', '--inhibited'],
  ['alert', 'query', '--unprocessed'],
  ['silence', 'update', '$1', '--duration=2h', '--comment=longer'],
  ['silence', 'update', '$1', '$2', '-d', '3h', '-o', 'extended'],
  ['silence', 'update', '00000000-0000-4000-8000-000000000000', '-d', '3h'],
  ['silence', 'update', 'nonsense', '-d', '3h'],
  ['silence', 'update'],
  ['silence', 'expire', '$1'],
  ['silence', 'expire', '$1'],
  ['silence', 'expire', '00000000-0000-4000-8000-000000000000'],
  ['silence', 'expire', 'nonsense'],
  ['silence', 'expire'],
  ['silence', 'query'],
  ['silence', 'query', '--expired'],
  ['silence', 'query', '--expired', '--within=1h', '-o', 'extended'],
  ['alert', 'query', '--silenced'],
  ['silence', 'query', '-o', 'json'],
  ['silence', 'import', '-w', '1', '$FILE'],
  ['silence', 'query', '-q'],
  ['silence', 'query', '-o', 'json'],
  ['silence', 'import', '-w', '1', '--force', '$FILE'],
  ['silence', 'query'],
  ['silence', 'query', '-o', 'json', '--expired'],
];

/** What is asked of the configuration, which amtool reads by itself then. */
const ROUTES: readonly (readonly string[])[] = [
  ['config', 'routes'],
  ['config', 'routes', 'show'],
  ['config', 'routes', 'test', 'alertname=Down', 'node=a'],
  ['config', 'routes', 'test', 'alertname=Down', 'never="x y"'],
  ['config', 'routes', 'test', '--verify.receivers=dev', 'alertname=Down'],
];

interface Outcome {
  readonly code: number;
  readonly out: string;
}

let directory: string;
let children: Children;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'pharos-amtool-'));
  children = new Children(directory);
});

afterAll(async () => {
  await children.stopAll();
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

/** amtool says of each answer that it is of another version, and of a file that it comes before the server. */
const WARNING = /^Warning: (?:amtool version .* are different|--config.file flag overrides .*)\.\n/gm;

function run(program: string, words: readonly string[]): Promise<Outcome> {
  // No configuration of whoever runs the tests.
  const env = { HOME: directory, USER: 'tester', TZ: 'UTC' };
  return new Promise((resolve) => {
    execFile(program, words, { env, timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out: (stdout + stderr).replace(WARNING, '') });
    });
  });
}

/** Runs the script against a server; what each step printed, with ids and times masked. */
async function play(program: string, url: string, name: string): Promise<readonly string[]> {
  const mask = new Masked(url);
  const file = path.join(directory, `${name}.json`);
  const steps: string[] = [];
  for (const words of SCRIPT) {
    const given = words.map((word) => {
      return word === '$FILE' ? file : word.replace(/\$(\d+)/, (_, number: string) => mask.id(Number(number)));
    });
    const { code, out } = await run(program, [...given, `--alertmanager.url=${url}`]);
    if (out.startsWith('[')) writeFileSync(file, out);
    const shown = mask.text(out.replaceAll(file, '$FILE').replaceAll(program, 'amtool'));
    // Silences that end at the same time come in any order.
    const ordered = words[1] === 'query' ? shown.split('\n').sort().join('\n') : shown;
    steps.push(`$ amtool ${words.join(' ')}\n${ordered}\nexit code ${code}`);
  }
  return steps;
}

/** Where there is none, a test of that name says that it was skipped. */
const PROGRAMS = AMTOOLS.length === 0 ? ['amtool'] : AMTOOLS;

describe.skipIf(AMTOOLS.length === 0)('amtool (set PHAROS_AMTOOL when it is not in PATH)', () => {
  let server: AlertingApiServer;

  beforeAll(async () => {
    server = await startAlertingApi(CONFIG);
  });
  afterAll(() => server.close());

  it.each(PROGRAMS)('%s shows the configuration and its routes', async (program) => {
    const url = `--alertmanager.url=${server.url}`;
    const shown = await run(program, ['config', 'show', url]);
    expect(shown.code).toBe(0);
    expect(parse(shown.out)).toEqual(parse(CONFIG));
    expect(await run(program, ['config', 'show', '-o', 'extended', url])).toMatchObject({ code: 0 });
    expect(await run(program, ['cluster', 'show', url])).toMatchObject({ code: 0 });
    const file = path.join(directory, 'routes.yml');
    writeFileSync(file, CONFIG);
    for (const words of ROUTES) {
      const ours = await run(program, [...words, url]);
      expect(ours).toEqual(await run(program, [...words, `--config.file=${file}`]));
      expect(ours.out).not.toBe('');
    }
  });

  it.skipIf(ALERTMANAGER === undefined).each(PROGRAMS)(
    '%s says the same of Pharos and of Alertmanager (set PHAROS_ALERTMANAGER when it is not in PATH)',
    async (program) => {
      const name = `amtool-${PROGRAMS.indexOf(program)}`;
      const own = await startAlertingApi(CONFIG);
      try {
        const peer = await startAlertmanager(ALERTMANAGER!, {
          children,
          directory: path.join(directory, name),
          config: CONFIG,
        });
        const [ours, theirs] = [
          await play(program, own.url, `${name}-ours`),
          await play(program, peer, `${name}-theirs`),
        ];
        expect(ours).toEqual(theirs);
      } finally {
        await own.close();
      }
    },
    60_000,
  );
});
