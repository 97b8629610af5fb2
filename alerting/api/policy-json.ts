import type { AlertPolicy } from '../policies/policy.ts';
import type { Episode, PolicyPreview, PreviewedObject } from '../policies/policy-preview.ts';
import type { ObjectSnapshot, PolicySnapshot } from '../policies/policy-status.ts';
import type { ListedPolicy } from './listed-policy.ts';

/** A policy in a list. */
export function policyJson({ updatedAt, state, ...policy }: ListedPolicy): object {
  return {
    ...policy,
    updatedAt: updatedAt === undefined ? undefined : timeJson(updatedAt),
    state: state === undefined ? undefined : stateJson(state),
  };
}

/** What has become of a policy, without its objects. */
export function stateJson({ notFine: _, id: __, name: ___, lastEvaluation, ...state }: PolicySnapshot): object {
  return { ...state, lastEvaluation: timeJson(lastEvaluation) };
}

/** An object of a policy that is not fine. */
export function objectJson(object: ObjectSnapshot, policy: AlertPolicy | undefined): object {
  const { value, threshold, since, noDataSince, lastEvaluation, ...rest } = object;
  return {
    ...rest,
    metric: policy?.conditions[object.condition]?.metric,
    value: numberJson(value),
    threshold: numberJson(threshold),
    since: timeJson(since),
    noDataSince: timeJson(noDataSince),
    lastEvaluation: timeJson(lastEvaluation),
  };
}

/** What a policy would have done. */
export function previewJson(
  { now, episodes, ...rest }: PolicyPreview,
  { from, to }: { readonly from: number; readonly to: number },
): object {
  return {
    from: timeJson(from),
    to: timeJson(to),
    ...rest,
    firing: now.filter(({ state }) => state === 'firing').length,
    fired: episodes.length,
    now: now.map((object) => previewedJson(object)),
    episodes: episodes.map((episode) => episodeJson(episode)),
  };
}

function previewedJson({ value, since, ...object }: PreviewedObject): object {
  return { ...object, value: numberJson(value), since: timeJson(since) };
}

function episodeJson({ startsAt, endsAt, value, endValue, ...episode }: Episode): object {
  return {
    ...episode,
    startsAt: timeJson(startsAt),
    endsAt: timeJson(endsAt),
    value: numberJson(value),
    endValue: numberJson(endValue),
  };
}

/** RFC 3339; null for no time. */
export function timeJson(time: number): string | null {
  return time === 0 ? null : new Date(time).toISOString();
}

/** JSON has no NaN, which is no value, and no infinities, which are text as in Prometheus' API. */
function numberJson(value: number): number | string | null {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? null : value > 0 ? '+Inf' : '-Inf';
}
