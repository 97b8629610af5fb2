import { type Contender, type ContenderOptions, findProgram } from './contender.ts';
import { startPharos } from './pharos.ts';
import { startPrometheus } from './prometheus.ts';
import { startVictoriaMetrics } from './victoria-metrics.ts';

export type StartContender = (options: ContenderOptions) => Promise<Contender>;

/** The names of all contenders, in the order of every table. */
export const CONTENDERS = ['pharos', 'prometheus', 'victoria-metrics'] as const;

/** Where the peers' programs are: name or path. */
export interface PeerPrograms {
  readonly prometheus: string;
  readonly victoria: string;
}

/** The wanted contenders whose programs are on this machine, in the order of `CONTENDERS`; a line names each that is not. */
export function findContenders(
  { prometheus, victoria }: PeerPrograms,
  { wanted, print }: { readonly wanted: readonly string[]; readonly print: (line: string) => void },
): (readonly [name: string, start: StartContender])[] {
  const found: (readonly [string, StartContender])[] = [];
  if (wanted.includes('pharos')) found.push(['pharos', startPharos]);
  const peers = [
    ['prometheus', prometheus, startPrometheus],
    ['victoria-metrics', victoria, startVictoriaMetrics],
  ] as const;
  for (const [name, program, start] of peers) {
    if (!wanted.includes(name)) continue;
    const path = findProgram([program]);
    if (path === undefined) print(`skipped: ${name}: no program ${program} (give its path)`);
    else found.push([name, (options) => start(path, options)]);
  }
  return found;
}
