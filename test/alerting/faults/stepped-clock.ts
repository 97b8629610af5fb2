import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Check, inTime } from '../../kubernetes/faults/fault.ts';
import { pause } from '../life/steps.ts';
import { AlertBed } from './alert-bed.ts';
import type { AlertFault } from './alert-fault.ts';
import type { AlertServer } from './alert-server.ts';
import { checksOf } from './verdict.ts';

const HOUR = 3_600_000;
/** After a step no alert ends for a minute, so that none ends because of it. */
const WITHIN = 90_000;
const PRELOAD = pathToFileURL(join(import.meta.dirname, 'stepping-date.js')).href;

/** The server's time of day goes back by an hour, and forward again; alerts begin and end in all three times. */
export const steppedClock: AlertFault = {
  name: 'stepped-clock',
  about: "the server's time of day steps back by an hour, and later forward by an hour",
  async run(surroundings) {
    const file = join(surroundings.directory, 'offset');
    const step = (offset: number): void => writeFileSync(file, String(offset));
    step(0);
    process.env.PHAROS_DATE_OFFSET_FILE = file;
    const bed = new AlertBed(surroundings);
    await bed.open();
    try {
      const server = await bed.server({ preload: [PRELOAD] });
      const { target, receiver } = bed;
      for (const id of ['stays', 'ends-back', 'ends-forward']) target.fire(id, 'before');
      await bed.until(() => receiver.knows('Faulty/ends-forward', 'firing'));
      await pause(10_000);
      const isOff = await stepsDate(server, step, -HOUR);
      await pause(5_000);
      target.fire('begins-back', 'back');
      target.end('ends-back');
      const toldBack = await timed(
        bed,
        () => receiver.knows('Faulty/begins-back', 'firing') && receiver.knows('Faulty/ends-back', 'resolved'),
      );
      await pause(10_000);
      step(0);
      await pause(5_000);
      target.fire('begins-forward', 'forward');
      target.end('ends-forward');
      const toldForward = await timed(
        bed,
        () => receiver.knows('Faulty/begins-forward', 'firing') && receiver.knows('Faulty/ends-forward', 'resolved'),
      );
      await bed.settle();
      target.endAll();
      const found = await bed.settle();
      const checks: Check[] = [
        { what: "the server's time of day stepped", good: isOff, found: '' },
        inTime('told after the step back', toldBack, WITHIN),
        inTime('told after the step forward', toldForward, WITHIN),
        ...checksOf(found, { within: WITHIN }),
      ];
      return checks;
    } finally {
      delete process.env.PHAROS_DATE_OFFSET_FILE;
      await bed.close();
    }
  },
};

/** Whether the server then says that it has another time. */
async function stepsDate(server: AlertServer, step: (offset: number) => void, offset: number): Promise<boolean> {
  step(offset);
  await pause(1_000);
  const response = await fetch(`${server.url}/api/v1/query?query=time()`, { signal: AbortSignal.timeout(10_000) });
  const { data } = (await response.json()) as { data: { result: [number, string] } };
  return Math.abs(data.result[0] * 1000 - Date.now() - offset) < 60_000;
}

async function timed(bed: AlertBed, holds: () => boolean): Promise<number | undefined> {
  const begun = Date.now();
  return (await bed.until(holds, WITHIN)) ? Date.now() - begun : undefined;
}
