import type { HttpAnswer } from '../http-client.ts';
import type { Outcome } from '../integration.ts';
import { excerpt, type OutcomeOptions, outcomeOfAnswer } from './attempt.ts';

/** How a service says in a good answer (200) that something was wrong. */
export interface RobotCodes {
  readonly service: string;
  /** Codes after which another attempt may help: too many messages, or the service is busy. */
  readonly passing: readonly number[];
  /** How long to leave the service in peace after one of them, in milliseconds. */
  readonly pause: number;
}

/** By the status, and for a good one by `errcode`, `code` or `StatusCode` in the body: 0 is good. */
export function outcomeOfRobot(answer: HttpAnswer, codes: RobotCodes, options: OutcomeOptions): Outcome {
  const said = readCode(answer.body);
  const failure = said === undefined || said.code === 0 ? undefined : codeOutcome(said, codes, options);
  const outcome = outcomeOfAnswer(answer, options);
  if (outcome.kind === 'delivered') {
    if (said === undefined)
      return { kind: 'failed', reason: `${codes.service} gave no code in its answer`, retryAfter: 0 };
    return failure ?? outcome;
  }
  // A code that passes is worth more than a status of 400, with which some services send it.
  return failure?.kind === 'failed' && outcome.kind === 'refused' ? failure : outcome;
}

export interface RobotCode {
  readonly code: number;
  readonly message: string;
}

/** Undefined when the body has none. */
export function readCode(body: string): RobotCode | undefined {
  try {
    const answer = JSON.parse(body) as Readonly<Record<string, unknown>>;
    const code = answer.errcode ?? answer.code ?? answer.StatusCode;
    const message = answer.errmsg ?? answer.msg ?? answer.StatusMessage;
    if (typeof code !== 'number') return undefined;
    return { code, message: typeof message === 'string' ? message : '' };
  } catch {
    return undefined;
  }
}

function codeOutcome({ code, message }: RobotCode, codes: RobotCodes, { secrets }: OutcomeOptions): Outcome {
  const reason = `${codes.service} answered ${code}: ${excerpt(message, secrets)}`;
  return codes.passing.includes(code)
    ? { kind: 'failed', reason, retryAfter: codes.pause }
    : { kind: 'refused', reason };
}
