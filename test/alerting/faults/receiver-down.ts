import { type Check, seconds } from '../../kubernetes/faults/fault.ts';
import { pause } from '../life/steps.ts';
import { AlertBed } from './alert-bed.ts';
import type { AlertFault } from './alert-fault.ts';
import { comeAndGo } from './come-and-go.ts';
import { checksOf } from './verdict.ts';

/** An attempt that is under way when the receiver is back has pauses of this at most, since groups are looked at every two seconds. */
const WITHIN = 25_000;
/** Resident memory, in bytes, that the server may take more while nobody is told. */
const MAX_GROWTH = 250e6;

/** Connections are refused for minutes; alerts begin and end meanwhile. */
export const receiverDown: AlertFault = {
  name: 'receiver-down',
  about: 'the receiver refuses connections, for minutes',
  async run(surroundings) {
    const bed = new AlertBed(surroundings);
    await bed.open();
    try {
      const server = await bed.server();
      for (const id of ['stays', 'ends-while-down', 'ends-afterwards']) bed.target.fire(id, 'before');
      await bed.until(() => bed.receiver.knows('Faulty/ends-afterwards', 'firing'));
      await pause(5_000);
      const before = server.memory();
      let most = before;
      const watching = setInterval(() => {
        most = Math.max(most, server.memory());
      }, 1_000);
      await bed.receiver.stop();
      const during = comeAndGo(bed.target, 'down', surroundings.receiverAway);
      await pause(surroundings.receiverAway / 2);
      bed.target.end('ends-while-down');
      await during;
      clearInterval(watching);
      const attempts = await server.metric('pharos_notification_attempts_total');
      const unnoted = await server.metric('pharos_notification_log_failures_total');
      const healed = Date.now();
      await bed.receiver.start();
      const back = await bed.settle({ healed });
      const inOutage = back.onlyEnds.length;
      bed.target.endAll();
      const found = await bed.settle({ healed });
      const checks: Check[] = [
        ...checksOf(found, { within: WITHIN, onlyEnds: true }),
        {
          what: 'only what had ended is told as ended alone',
          good: back.onlyEnds.every((id) => id.startsWith('Faulty/down-')),
          found: `${inOutage} began and ended while it was down`,
        },
        {
          what: 'memory and log do not suffer',
          good: most - before < MAX_GROWTH && unnoted === 0,
          found: `from ${mb(before)} to ${mb(most)} MB at most, ${attempts} attempts in ${seconds(surroundings.receiverAway)}`,
        },
      ];
      return checks;
    } finally {
      await bed.close();
    }
  },
};

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
