import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Children, untilReady } from '../../bench/children.ts';
import { findProgram, freePort } from '../../bench/contenders/contender.ts';

/** Alertmanager's program: PHAROS_ALERTMANAGER, or one in PATH; undefined when there is none. */
export function findAlertmanager(environment: NodeJS.ProcessEnv): string | undefined {
  const named = environment.PHAROS_ALERTMANAGER ?? '';
  return findProgram(named === '' ? ['prometheus-alertmanager', 'alertmanager'] : [named]);
}

/** amtool's programs, of different versions maybe: those that PHAROS_AMTOOL lists, as PATH does, or the one in PATH. */
export function findAmtools(environment: NodeJS.ProcessEnv): readonly string[] {
  const named = (environment.PHAROS_AMTOOL ?? '').split(path.delimiter).filter((name) => name !== '');
  return (named.length === 0 ? ['amtool'] : named)
    .map((program) => findProgram([program]))
    .filter((program) => program !== undefined);
}

/** Starts an Alertmanager that is no part of a cluster; resolves with its URL when it is ready. */
export async function startAlertmanager(
  program: string,
  { children, directory, config }: { readonly children: Children; readonly directory: string; readonly config: string },
): Promise<string> {
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, 'alertmanager.yml');
  writeFileSync(file, config);
  const url = `http://127.0.0.1:${await freePort()}`;
  const log = path.join(directory, 'log');
  const child = children.start(
    'alertmanager',
    [
      program,
      `--config.file=${file}`,
      `--storage.path=${path.join(directory, 'data')}`,
      `--web.listen-address=${url.slice('http://'.length)}`,
      '--cluster.listen-address=',
      '--log.level=warn',
    ],
    { log },
  );
  await untilReady(child, `${url}/-/ready`, { timeout: 30_000, log });
  return url;
}
