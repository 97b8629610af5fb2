import { type Check, seconds } from '../../kubernetes/faults/fault.ts';
import { AlertBed } from './alert-bed.ts';
import type { AlertFault, FaultSurroundings } from './alert-fault.ts';
import { comeAndGo } from './come-and-go.ts';
import type { Answer, FaultReceiver } from './fault-receiver.ts';
import { checksOf } from './verdict.ts';

/** For so long it fails. */
const FAILS = 40_000;
const WITHIN = 25_000;
/** Seconds of Retry-After. */
const ASKED = 15;
/** What a second's precision of a date takes from it, and the way of an answer. */
const DATE_LOSS = 1_100;
/** An attempt may have left before the answer to another came. */
const ON_ITS_WAY = 250;

/** With a receiver that answers what it is told, or nothing, for a while. */
async function runFailing(
  surroundings: FaultSurroundings,
  {
    fails,
    webhook = [],
    judge = () => [],
  }: {
    readonly fails: () => Answer;
    readonly webhook?: readonly string[];
    /** Looks at the calls that came meanwhile. */
    readonly judge?: (receiver: FaultReceiver, since: number) => readonly Check[];
  },
): Promise<readonly Check[]> {
  const bed = new AlertBed(surroundings);
  await bed.open();
  try {
    await bed.server({ webhook });
    for (const id of ['stays', 'ends-meanwhile']) bed.target.fire(id, 'before');
    await bed.until(() => bed.receiver.knows('Faulty/ends-meanwhile', 'firing'));
    const since = Date.now();
    bed.receiver.answer = fails;
    bed.target.end('ends-meanwhile');
    await comeAndGo(bed.target, 'meanwhile', FAILS);
    const tried = bed.receiver.calls.filter(({ at, isTaken }) => at >= since && !isTaken).length;
    bed.receiver.answer = () => ({ status: 200 });
    const healed = Date.now();
    await bed.settle({ healed });
    bed.target.endAll();
    const found = await bed.settle({ healed });
    return [
      ...checksOf(found, { within: WITHIN, onlyEnds: true }),
      {
        what: 'it is tried meanwhile, and not without pause',
        good: tried > 0 && tried < (FAILS / 1000) * 20,
        found: `${tried} calls in ${seconds(FAILS)}`,
      },
      ...judge(bed.receiver, since),
    ];
  } finally {
    await bed.close();
  }
}

/** 500 for a while. */
export const failingReceiver: AlertFault = {
  name: 'status-500',
  about: 'the receiver answers 500 for a while',
  run: (surroundings) => runFailing(surroundings, { fails: () => ({ status: 500 }) }),
};

/** 429 with Retry-After in seconds and as a date, in turns. */
export const busyReceiver: AlertFault = {
  name: 'status-429',
  about: 'the receiver answers 429 and says after which time, or at which, it may be called again',
  run(surroundings) {
    const asked: { readonly at: number; readonly until: number; readonly as: string }[] = [];
    const fails = (): Answer => {
      const at = Date.now();
      const isDate = asked.length % 2 === 1;
      const until = at + ASKED * 1000;
      asked.push({ at, until: until - (isDate ? DATE_LOSS : 0), as: isDate ? 'date' : 'seconds' });
      const header = isDate ? new Date(until).toUTCString() : String(ASKED);
      return { status: 429, headers: { 'retry-after': header } };
    };
    const judge = (receiver: FaultReceiver): readonly Check[] => {
      const early = receiver.calls.filter((call) =>
        asked.some(({ at, until }) => call.at > at + ON_ITS_WAY && call.at < until),
      );
      const forms = new Set(asked.map(({ as }) => as));
      return [
        {
          what: 'it is not called before its time',
          good: early.length === 0 && forms.size === 2,
          found: `it asked ${asked.length} times, as ${[...forms].join(' and ')}; called early ${early.length} times`,
        },
      ];
    };
    return runFailing(surroundings, { fails, judge });
  },
};

/** Takes the request, and never answers. */
export const hangingReceiver: AlertFault = {
  name: 'hanging',
  about: 'the receiver accepts connections and never answers',
  run: (surroundings) => runFailing(surroundings, { fails: () => 'hang', webhook: ['timeout: 3s'] }),
};
