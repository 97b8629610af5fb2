import type { FastifyReply } from 'fastify';
import { QueryError } from '../query-result.ts';

/**
 * Runs work that ends with the request: its signal fires when the client goes away before it has its answer, or after
 * `timeout` milliseconds. Whatever the work then rejects with, the caller sees the reason, a QueryError `canceled` or
 * `timeout`.
 */
export async function withRequestSignal<T>(
  reply: FastifyReply,
  timeout: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  const expire = () => controller.abort(new QueryError('timeout', 'query timed out in query execution'));
  const onClose = () => controller.abort(new QueryError('canceled', 'query was canceled in query execution'));
  if (timeout <= 0) expire();
  const deadline = setTimeout(expire, Math.min(Math.max(timeout, 0), 2 ** 31 - 1));
  reply.raw.once('close', onClose);
  if (reply.raw.destroyed || reply.raw.socket?.destroyed === true) onClose();
  try {
    return await work(signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(deadline);
    reply.raw.off('close', onClose);
  }
}
