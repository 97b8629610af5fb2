/**
 * What goes wrong while alerts fire, and whether anybody misses one, to be run by hand after a build:
 *
 *     node dist/test/alerting/faults.js [--minutes N] [--only NAME,NAME]
 *
 * Each fault has Pharos servers of its own, as processes, that scrape a target in this process every second and tell a receiver in
 * this process. What was told is compared with the alerts that truly began and ended. Prints what was checked and the longest
 * delays; exits 1 when something is wrong.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Children } from '../../bench/children.ts';
import { formatTable } from '../../cli/table.ts';
import { type Check, seconds } from '../kubernetes/faults/fault.ts';
import { say, toolRun } from '../tool-run.ts';
import type { AlertFault } from './faults/alert-fault.ts';
import { busyReceiver, failingReceiver, hangingReceiver } from './faults/failing-receiver.ts';
import { killedInFlight } from './faults/killed-in-flight.ts';
import { killedLeader, stoppedLeader } from './faults/killed-leader.ts';
import { receiverDown } from './faults/receiver-down.ts';
import { slowTls } from './faults/slow-tls.ts';
import { steppedClock } from './faults/stepped-clock.ts';
import { storeAway } from './faults/store-away.ts';
import { vanishedTarget } from './faults/vanished-target.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    kills: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const FAULTS: readonly AlertFault[] = [
  receiverDown,
  failingReceiver,
  busyReceiver,
  hangingReceiver,
  slowTls,
  storeAway,
  killedInFlight,
  killedLeader,
  stoppedLeader,
  steppedClock,
  vanishedTarget,
];

const USAGE = `usage: node dist/test/alerting/faults.js [options]
  --only NAMES    some of these, separated by commas:
${FAULTS.map(({ name, about }) => `                    ${name.padEnd(18)}${about}`).join('\n')}
  --minutes N     for so long the receiver is down; the store is away for half of it (10)
  --kills N       of a server in the instant in which a notification has come (20)
  --keep          keep the scratch directory`;

function number(name: 'minutes' | 'kills'): number {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, got ${values[name]}`);
  return value;
}

function chosen(): readonly AlertFault[] {
  if (values.only === '') return FAULTS;
  return values.only.split(',').map((name) => {
    const fault = FAULTS.find((one) => one.name === name);
    if (fault === undefined)
      throw new Error(`--only must name some of ${FAULTS.map((one) => one.name).join(', ')}, got ${name}`);
    return fault;
  });
}

async function run(children: Children, scratch: string): Promise<boolean> {
  const rows: string[][] = [];
  const minutes = number('minutes');
  for (const fault of chosen()) {
    say(`${fault.name}: ${fault.about}`);
    const directory = join(scratch, fault.name);
    mkdirSync(directory);
    const begun = Date.now();
    const checks = await attempt(() =>
      fault.run({
        children,
        directory,
        receiverAway: minutes * 60_000,
        storeAway: minutes * 30_000,
        kills: number('kills'),
        say: (text) => say(`  ${text}`),
      }),
    );
    for (const check of checks) say(`  ${line(check).join('  ')}`);
    say(`  ${fault.name} took ${seconds(Date.now() - begun)}`);
    rows.push(...checks.map((check) => [fault.name, ...line(check)]));
  }
  say(`what was told against what was true\n${formatTable(['fault', 'checked', '', 'longest', 'found'], rows)}`);
  return rows.every((row) => row[2] === 'ok');
}

async function attempt(judge: () => Promise<readonly Check[]>): Promise<readonly Check[]> {
  try {
    return await judge();
  } catch (error) {
    return [{ what: 'the fault could be judged', good: false, found: String(error) }];
  }
}

function line({ what, good, found, worst }: Check): string[] {
  return [what, good ? 'ok' : 'WRONG', worst === undefined ? '' : seconds(worst), found];
}

if (values.help) {
  console.log(USAGE);
} else {
  await toolRun({ name: 'pharos-alert-faults', keep: values.keep, run });
}
