import { ApiError, getJson } from '../../api/get-json.ts';
import type { ListAnswer } from '../../lists/list-query.ts';
import { clusterScope } from '../../objects/inventory-scope.ts';
import { askAll } from './ask-all.ts';
import {
  type AilingNode,
  type AilingWorkload,
  type AutoscalingState,
  type Problem,
  problemQueries,
  problems,
} from './problems.ts';

/** More of a kind are not told: the lists have them all. */
const MOST = '100';

export interface ProblemScope {
  /** Undefined for all. */
  readonly cluster: string | undefined;
  /** Seconds: how long ago something that has passed may have been. */
  readonly window: number;
  /** Unix seconds; undefined for now. */
  readonly time: number | undefined;
}

/** What is wrong in one cluster or in all, the worst first. */
export async function loadProblems(
  { cluster, window, time }: ProblemScope,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const abnormal = async <T>(list: string): Promise<readonly T[]> => {
    const search = new URLSearchParams({
      ...{ status: 'abnormal', limit: MOST },
      ...(cluster !== undefined && clusterScope(cluster)),
      ...(time !== undefined && { time: String(time) }),
    });
    return (await getJson<ListAnswer<T>>(`/api/v1/inventory/${list}?${search}`, { signal })).items;
  };
  const [nodes, workloads, samples, autoscaling] = await Promise.all([
    abnormal<AilingNode>('nodes'),
    abnormal<AilingWorkload>('workloads'),
    askAll(problemQueries(cluster, window), { time, signal }),
    time === undefined ? autoscalingState(signal) : undefined,
  ]);
  return problems({ nodes, workloads, samples, autoscaling });
}

/** Undefined where no metrics are served to autoscalers, or it is not known yet whom there are. */
async function autoscalingState(signal: AbortSignal): Promise<AutoscalingState | undefined> {
  try {
    return await getJson<AutoscalingState>(`/api/v1/autoscaling?problem=true&limit=${MOST}`, { signal });
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
