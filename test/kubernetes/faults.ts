import { parseArgs } from 'node:util';
import type { Children } from '../../bench/children.ts';
import { formatTable } from '../../cli/table.ts';
import { say, toolRun } from '../tool-run.ts';
import { apiServerRestart } from './faults/api-server-restart.ts';
import { expiredHistory } from './faults/expired-history.ts';
import { expiredToken } from './faults/expired-token.ts';
import { type Check, type Fault, seconds } from './faults/fault.ts';
import { FaultBed } from './faults/fault-bed.ts';
import { lostNode } from './faults/lost-node.ts';
import { replacedPods } from './faults/replaced-pods.ts';
import type { Warnings } from './faults/server-log.ts';
import { garbagePage, hangingKubelet } from './faults/silent-kubelet.ts';
import { skewedClock } from './faults/skewed-clock.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
    nodes: { type: 'string', default: '12' },
    pods: { type: 'string', default: '160' },
    seed: { type: 'string', default: '1' },
    interval: { type: 'string', default: '2' },
    slack: { type: 'string', default: '3' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function number(name: 'minutes' | 'nodes' | 'pods' | 'seed' | 'interval' | 'slack'): number {
  const value = Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, got ${values[name]}`);
  return value;
}

const FAULTS: readonly Fault[] = [
  apiServerRestart,
  expiredHistory,
  expiredToken,
  hangingKubelet,
  garbagePage,
  skewedClock,
  lostNode,
  replacedPods(Math.max(1, Math.round(number('minutes')))),
];

const USAGE = `usage: node dist/test/kubernetes/faults.js [options]
  --only NAMES    some of these, separated by commas:
${FAULTS.map(({ name, about }) => `                    ${name.padEnd(18)}${about}`).join('\n')}
  --minutes N     rounds of replaced pods, a minute each (10)
  --nodes N       of the simulated cluster (12)
  --pods N        (160)
  --seed N        (1)
  --interval S    seconds between two scrapes (2)
  --slack S       seconds that a busy machine may add to what takes two scrapes (3)
  --keep          keep the scratch directory`;

/** How long the server may take from its start to a whole view of the cluster. */
const FIRST_VIEW = 60_000;
/** Lines of the log about one thing that has one cause. */
const MAX_REPEATED = 3;

async function run(children: Children, directory: string): Promise<boolean> {
  const faults = chosen();
  const bed = await FaultBed.start({
    children,
    directory,
    nodes: number('nodes'),
    pods: number('pods'),
    seed: number('seed'),
    interval: number('interval') * 1000,
    slack: number('slack') * 1000,
  });
  const memory: { readonly at: number; readonly during: string; readonly bytes: number }[] = [];
  let during = 'start';
  const begun = Date.now();
  const watching = setInterval(() => {
    if (bed.isRunning) memory.push({ at: Date.now() - begun, during, bytes: bed.memory().all });
  }, 5_000);
  const rows: string[][] = [];
  try {
    const first = await bed.until(() => bed.isCurrent(), FIRST_VIEW);
    if (first === undefined) throw new Error(`there was no whole view of the cluster within ${seconds(FIRST_VIEW)}`);
    say(`${number('nodes')} nodes, ${number('pods')} pods; a whole view ${seconds(first)} after the server was ready`);
    await bed.settle();
    bed.log.warnings();
    for (const fault of faults) {
      during = fault.name;
      say(`${fault.name}: ${fault.about}`);
      const checks = [...(await attempt(fault, bed)), ...logged(bed)];
      for (const check of checks) say(`  ${line(check).join('  ')}`);
      rows.push(...checks.map((check) => [fault.name, ...line(check)]));
      if (!bed.isRunning) break;
      await bed.until(() => bed.isCurrent(), FIRST_VIEW);
      await bed.settle();
    }
  } finally {
    clearInterval(watching);
    await bed.close();
  }
  say(`the server against the simulator\n${formatTable(['fault', 'checked', '', 'longest', 'found'], rows)}`);
  say(`resident memory of the server, MB\n${formatTable(['second', 'during', 'MB'], memoryRows(memory))}`);
  return rows.every((row) => row[2] === 'ok');
}

function chosen(): readonly Fault[] {
  if (values.only === '') return FAULTS;
  return values.only.split(',').map((name) => {
    const fault = FAULTS.find((one) => one.name === name);
    if (fault === undefined)
      throw new Error(`--only must name some of ${FAULTS.map((one) => one.name).join(', ')}, got ${name}`);
    return fault;
  });
}

async function attempt(fault: Fault, bed: FaultBed): Promise<readonly Check[]> {
  try {
    return await fault.run(bed);
  } catch (error) {
    return [{ what: 'the fault could be judged', good: false, found: String(error) }];
  }
}

/** What must be true of the server after every fault. */
function logged(bed: FaultBed): Check[] {
  const warnings: Warnings = bed.log.warnings();
  const repeated = Math.max(0, ...[...warnings.kinds.values()].flatMap(({ about }) => [...about.values()]));
  const kinds = [...warnings.kinds]
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([kind, { count, about }]) => `${count} (about ${about.size}) ${kind.slice(0, 90)}`);
  return [
    { what: 'the server runs', good: bed.isRunning, found: '' },
    {
      what: 'no error is logged, no rejection unhandled',
      good: warnings.errors.length === 0,
      found: warnings.errors.slice(0, 3).join(' | '),
    },
    {
      what: 'warnings name a cause once',
      good: repeated <= MAX_REPEATED,
      found: `${warnings.lines} lines, at most ${repeated} about one thing${kinds.length > 0 ? `: ${kinds.slice(0, 4).join('; ')}` : ''}`,
    },
  ];
}

function line({ what, good, found, worst }: Check): string[] {
  return [what, good ? 'ok' : 'WRONG', worst === undefined ? '' : seconds(worst), found];
}

/** Every tenth figure or so, and the first and the last of each fault. */
function memoryRows(memory: readonly { readonly at: number; readonly during: string; readonly bytes: number }[]) {
  const every = Math.max(1, Math.ceil(memory.length / 60));
  return memory
    .filter(({ during }, i) => i % every === 0 || during !== memory[i - 1]?.during || during !== memory[i + 1]?.during)
    .map(({ at, during, bytes }) => [(at / 1000).toFixed(0), during, (bytes / 1e6).toFixed(0)]);
}

if (values.help) {
  console.log(USAGE);
} else {
  await toolRun({ name: 'pharos-faults', keep: values.keep, run });
}
