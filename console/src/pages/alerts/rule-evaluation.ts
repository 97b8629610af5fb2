import { getJson } from '../../api/get-json.ts';

/** A rule group as the API tells it. */
export interface RuleGroup {
  readonly interval: number;
  readonly rules: readonly {
    readonly name: string;
    readonly health: string;
    readonly lastError?: string;
    readonly lastEvaluation: string;
  }[];
}

/** Why nothing is known of the alerts of some rules. */
export interface EvaluationFault {
  /** How many rules it is that way with. */
  readonly rules: number;
  /** Of how many. */
  readonly of: number;
  readonly text: string;
}

/** A round may be late by so many of its intervals, and so many seconds. */
const LATE_INTERVALS = 2;
const LATE_SECONDS = 60;

/** What is wrong with the evaluation of rules; undefined when all of them are evaluated. `now` is in Unix seconds. */
export function evaluationFault(groups: readonly RuleGroup[], now: number): EvaluationFault | undefined {
  const all = groups.flatMap(({ interval, rules }) => rules.map((rule) => ({ ...rule, interval })));
  const failed = all.filter(({ health }) => health === 'err');
  const [first] = failed;
  if (first !== undefined) {
    const text = `${first.name}: ${first.lastError ?? 'no reason is given'}`;
    return { rules: failed.length, of: all.length, text };
  }
  const waiting = all.filter(({ lastEvaluation, interval }) => {
    const time = Date.parse(lastEvaluation) / 1000;
    return now - time > LATE_INTERVALS * interval + LATE_SECONDS;
  });
  if (waiting.length === 0) return undefined;
  const isNew = waiting.every(({ health }) => health === 'unknown');
  const text = isNew
    ? 'The server has just started, another one leads the alerting, or the store cannot be read.'
    : 'The last round is longer ago than it should be.';
  return { rules: waiting.length, of: all.length, text };
}

/** The same of the server's alerting rules. */
export async function loadEvaluationFault(signal: AbortSignal): Promise<EvaluationFault | null> {
  const { groups } = await getJson<{ readonly groups: readonly RuleGroup[] }>(
    '/api/v1/rules?type=alert&exclude_alerts=true',
    { signal },
  );
  return evaluationFault(groups, Date.now() / 1000) ?? null;
}
