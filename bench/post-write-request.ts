/**
 * Posts a remote write request, compressed with snappy, to a server's /api/v1/write; resolves with its status and the text of its answer.
 * Rejects when there is none within a minute.
 */
export async function postWriteRequest(
  url: string,
  body: Uint8Array,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    },
    body,
    signal: AbortSignal.timeout(60_000),
  });
  return { status: response.status, text: await response.text() };
}

/** Whether a server may take the same request later: it has too much to do, or is not well. */
export function isRefusedForNow(status: number): boolean {
  return status >= 500 || status === 429;
}
