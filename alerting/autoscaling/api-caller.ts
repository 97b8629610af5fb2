/** The few calls of a Kubernetes API client that are needed here. Every call has a timeout of its own. */
export interface ApiCaller {
  /** The JSON that a GET answers. Rejects with an error whose `status` is the HTTP status, 0 when there was no answer. */
  get(path: string, options?: { readonly signal?: AbortSignal }): Promise<unknown>;
  /** Sends JSON and answers with JSON; a PATCH is a merge patch. Rejects as `get` does. */
  send(
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    options: { readonly body: unknown; readonly signal?: AbortSignal },
  ): Promise<unknown>;
}

/** The HTTP status that a call was refused with; 0 when there was no answer. */
export function refusedWith(error: unknown): number {
  const { status } = (error ?? {}) as { readonly status?: unknown };
  return typeof status === 'number' ? status : 0;
}

/** What went wrong, in one line for a log; it holds no secret as long as the client's messages hold none. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
