import { ApiError } from './get-json.ts';

/** An answer, or `nothing` where the server has no such thing at all, as where the role that keeps it is not at hand. */
export async function orNothing<T>(answer: Promise<T>, nothing: T): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return nothing;
    throw error;
  }
}
