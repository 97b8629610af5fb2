import { type Check, inTime, seconds } from '../../kubernetes/faults/fault.ts';
import { pause } from '../life/steps.ts';
import { AlertBed } from './alert-bed.ts';
import type { AlertFault, FaultSurroundings } from './alert-fault.ts';
import type { AlertServer } from './alert-server.ts';
import { StoreServer } from './store-server.ts';
import { checksOf } from './verdict.ts';

const TAKEOVER = 15_000;
/** A takeover, an evaluation, a group's wait, on a busy machine. */
const WITHIN = 40_000;
const STOPPED = 20_000;

/** Two servers that share a store: what befalls the one that leads, and judges. */
async function runTwo(
  surroundings: FaultSurroundings,
  befall: (
    bed: AlertBed,
    pair: { readonly leader: AlertServer; readonly other: AlertServer },
  ) => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  const store = new StoreServer(surroundings);
  await store.start();
  const bed = new AlertBed(surroundings);
  await bed.open();
  try {
    const clickhouse = store.url;
    const leader = await bed.server({ name: 'one', clickhouse });
    const leads = await bed.until(() => isLeader(leader));
    const other = await bed.server({ name: 'two', clickhouse });
    bed.target.fire('stays', 'before');
    bed.target.fire('ends-later', 'before');
    await bed.until(() => bed.receiver.knows('Faulty/stays', 'firing'));
    // So that the other one has seen that there is a leader.
    await pause(20_000);
    const spoken = bed.receiver.calls.filter(({ from }) => from === other.name).length;
    const checks = await befall(bed, { leader, other });
    await bed.settle();
    bed.target.endAll();
    const found = await bed.settle();
    return [
      {
        what: 'one leads, and the other one says nothing',
        good: leads && spoken === 0,
        found: `${spoken} calls of the one that stands by`,
      },
      ...checks,
      ...checksOf(found, { twice: 1, within: WITHIN }),
    ];
  } finally {
    await bed.close();
    await store.stop();
  }
}

async function isLeader(server: AlertServer): Promise<boolean> {
  return (await server.metric('pharos_alerting_leader')) > 0;
}

/** When the server first called after a time; undefined when it did not within a minute. */
async function firstCall(bed: AlertBed, server: AlertServer, since: number): Promise<number | undefined> {
  const find = (): number | undefined =>
    bed.receiver.calls.find(({ from, at }) => from === server.name && at > since)?.at;
  await bed.until(() => find() !== undefined);
  return find();
}

/** Killed at once; it comes back afterwards and stands by. */
export const killedLeader: AlertFault = {
  name: 'killed-leader',
  about: 'of two servers that share a store, the one that leads is killed',
  run: (surroundings) =>
    runTwo(surroundings, async (bed, { leader, other }) => {
      const killedAt = Date.now();
      await leader.kill();
      bed.target.fire('begins-without-leader', 'after');
      bed.target.end('ends-later');
      const call = await firstCall(bed, other, killedAt);
      await leader.start();
      const backAt = Date.now();
      bed.target.fire('begins-when-it-is-back', 'after');
      await bed.until(() => bed.receiver.knows('Faulty/begins-when-it-is-back', 'firing'));
      await pause(5_000);
      const again = bed.receiver.calls.filter(({ from, at }) => from === leader.name && at > backAt).length;
      return [
        inTime(
          'another one tells',
          call === undefined || call - killedAt > TAKEOVER ? undefined : call - killedAt,
          TAKEOVER,
        ),
        { what: 'the one that was killed stands by when it is back', good: again === 0, found: `${again} calls` },
      ];
    }),
};

/** Stopped for longer than it may lead without a sign of life; it goes on afterwards and must find out that it does not lead. */
export const stoppedLeader: AlertFault = {
  name: 'stopped-leader',
  about: `of two servers that share a store, the one that leads is stopped for ${seconds(STOPPED)} and goes on`,
  run: (surroundings) =>
    runTwo(surroundings, async (bed, { leader, other }) => {
      const stoppedAt = Date.now();
      leader.signal('SIGSTOP');
      bed.target.fire('begins-without-leader', 'after');
      bed.target.end('ends-later');
      const call = await firstCall(bed, other, stoppedAt);
      await pause(Math.max(0, stoppedAt + STOPPED - Date.now()));
      leader.signal('SIGCONT');
      const goneOnAt = Date.now();
      await pause(1_000);
      bed.target.fire('begins-when-it-goes-on', 'after');
      await bed.until(() => bed.receiver.knows('Faulty/begins-when-it-goes-on', 'firing'));
      await pause(5_000);
      const again = bed.receiver.calls.filter(({ from, at }) => from === leader.name && at > goneOnAt).length;
      return [
        inTime(
          'another one tells',
          call === undefined || call - stoppedAt > TAKEOVER ? undefined : call - stoppedAt,
          TAKEOVER,
        ),
        { what: 'the one that was stopped stands by when it goes on', good: again === 0, found: `${again} calls` },
      ];
    }),
};
