import path from 'node:path';
import { findProgram } from '../bench/contenders/contender.ts';

/** promtool's programs, of different versions maybe: those that PHAROS_PROMTOOL lists, as PATH does, or the one in PATH. */
export function findPromtools(environment: NodeJS.ProcessEnv): readonly string[] {
  const named = (environment.PHAROS_PROMTOOL ?? '').split(path.delimiter).filter((name) => name !== '');
  return (named.length === 0 ? ['promtool'] : named)
    .map((program) => findProgram([program]))
    .filter((program) => program !== undefined);
}
