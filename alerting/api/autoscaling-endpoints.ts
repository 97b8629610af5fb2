import type { Clock } from '../../clock/clock.ts';
import type { AutoscalerBoard } from '../autoscaling/autoscaler-board.ts';
import type { RegistrationStatus } from '../autoscaling/serving/registration.ts';
import { ApiError } from './api-error.ts';
import { autoscalerJson, explainedJson } from './autoscaler-json.ts';
import { listedAutoscalers } from './autoscaler-list.ts';
import type { ApiAnswer, ApiRequest, ApiSection } from './endpoint.ts';
import { policyFailure } from './policy-error.ts';
import { timeJson } from './policy-json.ts';

export interface AutoscalingApiDeps {
  /** Undefined while no metrics are served. */
  readonly board: () => AutoscalerBoard | undefined;
  readonly clock: Clock;
}

/** The autoscalers that are served, under /api/v1/autoscaling. */
export function autoscalingSection({ board, clock }: AutoscalingApiDeps): ApiSection {
  const now = (): number => clock.now();
  return {
    prefix: '/api/v1',
    failure: policyFailure,
    endpoints: [
      { method: 'GET', path: '/autoscaling', handle: (request) => list(listedBoard(board()), request, now) },
      {
        method: 'GET',
        path: '/autoscaling/:namespace/:name',
        handle: (request) => get(listedBoard(board()), request, now),
      },
    ],
  };
}

async function list(board: AutoscalerBoard, { query, signal }: ApiRequest, now: () => number): Promise<ApiAnswer> {
  const { autoscalers, total } = listedAutoscalers(board.all(), query);
  const answered = await Promise.all(autoscalers.map((each) => board.answered(each, signal)));
  return success({
    autoscalers: answered.map((each) => autoscalerJson(each, now())),
    total,
    registration: board.registration()?.map(registrationJson) ?? null,
    time: timeJson(now()),
  });
}

async function get(board: AutoscalerBoard, { params, signal }: ApiRequest, now: () => number): Promise<ApiAnswer> {
  const { namespace, name } = params as { readonly namespace: string; readonly name: string };
  const found = board.get(namespace, name);
  if (found === undefined) {
    const which = JSON.stringify(`${namespace}/${name}`.slice(0, 200));
    throw new ApiError('not_found', `there is no HorizontalPodAutoscaler ${which}`);
  }
  const answered = await board.answered(found, signal);
  const explanations = await board.explain(answered, signal);
  return success(explainedJson(answered, explanations, now()));
}

function registrationJson({ available, at, ...status }: RegistrationStatus): object {
  return { ...status, available: available ?? null, at: at === 0 ? null : timeJson(at) };
}

function listedBoard(board: AutoscalerBoard | undefined): AutoscalerBoard {
  if (board === undefined) throw new ApiError('not_found', 'no metrics are served to autoscalers here');
  if (board.isListed) return board;
  throw new ApiError('unavailable', 'the HorizontalPodAutoscalers of the cluster have not been listed yet');
}

function success(data: object): ApiAnswer {
  return { status: 200, json: { status: 'success', data } };
}
