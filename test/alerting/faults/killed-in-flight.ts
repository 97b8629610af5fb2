import { type Check, inTime } from '../../kubernetes/faults/fault.ts';
import { AlertBed } from './alert-bed.ts';
import type { AlertFault } from './alert-fault.ts';
import { checksOf } from './verdict.ts';

/** A start of the server, an evaluation, a group's wait. */
const WITHIN = 45_000;

/**
 * The server is killed in the instant in which a notification has come: before it is answered, or right after, so that it cannot have
 * noted what it has told. Begins with a beginning of an alert, then comes an end, and so on.
 */
export const killedInFlight: AlertFault = {
  name: 'killed-in-flight',
  about: 'the server is killed when a notification has come and is not noted yet, many times',
  async run(surroundings) {
    const bed = new AlertBed(surroundings);
    await bed.open();
    try {
      const server = await bed.server();
      bed.target.fire('stays', 'rounds');
      await bed.until(() => bed.receiver.knows('Faulty/stays', 'firing'));
      let kills = 0;
      let slowest: number | undefined = 0;
      for (let round = 0; round < surroundings.kills; round++) {
        // Of four rounds: a beginning before the answer, its end before the answer, the same after it.
        const isEnd = round % 2 === 1;
        const isAfter = round % 4 >= 2;
        const id = `round-${round - (isEnd ? 1 : 0)}`;
        const status = isEnd ? 'resolved' : 'firing';
        let kill: Promise<void> | undefined;
        const killOnce = (call: {
          readonly alerts: readonly { readonly id: string; readonly status: string }[];
        }): void => {
          if (kill !== undefined) return;
          if (!call.alerts.some((alert) => alert.id === `Faulty/${id}` && alert.status === status)) return;
          kill = server.kill();
        };
        bed.receiver.taken = async (call) => {
          if (isAfter) return;
          killOnce(call);
          await kill;
        };
        bed.receiver.answered = (call) => {
          if (isAfter) killOnce(call);
        };
        if (isEnd) bed.target.end(id);
        // Alone in its group, and with others, in turns.
        else bed.target.fire(id, round % 8 < 4 ? 'rounds' : id);
        const begun = Date.now();
        if (!(await bed.until(() => kill !== undefined))) slowest = undefined;
        else if (slowest !== undefined) slowest = Math.max(slowest, Date.now() - begun);
        if (kill === undefined) break;
        await kill;
        kills++;
        bed.receiver.taken = () => {};
        bed.receiver.answered = () => {};
        await server.start();
        surroundings.say(`killed ${kills} times, told twice ${bed.verdict().twice}`);
      }
      await bed.settle();
      bed.target.endAll();
      const found = await bed.settle();
      const path = '/api/v1/notifications?outcome=delivered&limit=1000';
      const { notifications } = await server.get<{ readonly notifications: readonly unknown[] }>(path);
      // Each group may have one when the server is killed.
      const inFlight = found.notifications - notifications.length;
      const checks: Check[] = [
        {
          what: 'it was killed as often as wanted',
          good: kills === surroundings.kills,
          found: `${kills} kills, ${inFlight} notifications came that were not noted then`,
        },
        inTime('each change was told before the next kill', slowest, 60_000),
        ...checksOf(found, { twice: inFlight, within: WITHIN }),
      ];
      return checks;
    } finally {
      await bed.close();
    }
  },
};
