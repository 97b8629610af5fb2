import { pause } from '../life/steps.ts';
import type { GaugeTarget } from './gauge-target.ts';

/** Milliseconds between two beginnings. */
const EVERY = 4_000;
/** Most episodes last so long; it is long enough for being told. */
const LASTS = 12_000;
const GROUPS = 4;

/**
 * For so many milliseconds alerts come and go: some together in a group, some alone in one; every fourth stays. Names begin with
 * `prefix`.
 */
export async function comeAndGo(target: GaugeTarget, prefix: string, milliseconds: number): Promise<void> {
  const end = Date.now() + milliseconds;
  const lasting: { readonly id: string; readonly until: number }[] = [];
  for (let number = 0; Date.now() < end; number++) {
    const id = `${prefix}-${number}`;
    const isAlone = number % 3 === 2;
    target.fire(id, isAlone ? `alone-${id}` : `group-${number % GROUPS}`);
    if (number % 4 !== 3) lasting.push({ id, until: Date.now() + LASTS });
    const next = Math.min(end, Date.now() + EVERY);
    while (Date.now() < next) await pause(Math.min(250, next - Date.now()));
    while (lasting.length > 0 && lasting[0]!.until <= Date.now()) target.end(lasting.shift()!.id);
  }
}
