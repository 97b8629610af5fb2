import { type Question, renderAnswer, runQuestion } from '../api/answer.ts';
import { type QueryEngine, QueryError } from '../query-result.ts';
import { CHUNKS_AHEAD, type FromWorker, type Port, type ToWorker } from './messages.ts';
import { packResult } from './pack-result.ts';

/** A worker's side: answers the questions that come over the port, any number at a time, in turns. */
export function serveQuestions(port: Port, engine: QueryEngine): void {
  const running = new Map<number, RunningQuestion>();
  port.on('message', (received) => {
    const message = received as ToWorker;
    switch (message.kind) {
      case 'answer':
      case 'evaluate': {
        const one = new RunningQuestion(port, message.id);
        running.set(message.id, one);
        void one.run(engine, message).finally(() => running.delete(message.id));
        return;
      }
      case 'taken':
        running.get(message.id)?.taken();
        return;
      case 'cancel': {
        const { type, message: text } = message.reason;
        running.get(message.id)?.cancel(new QueryError(type, text));
        return;
      }
      default:
        message satisfies never;
    }
  });
}

class RunningQuestion {
  readonly #port: Port;
  readonly #id: number;
  readonly #controller = new AbortController();
  #ahead = 0;
  #wake: (() => void) | undefined;

  constructor(port: Port, id: number) {
    this.#port = port;
    this.#id = id;
  }

  async run(engine: QueryEngine, { kind, question }: { kind: string; question: Question }): Promise<void> {
    const id = this.#id;
    const { signal } = this.#controller;
    try {
      const result = await runQuestion(engine, question, signal);
      if (kind === 'evaluate') {
        this.#say({ kind: 'evaluated', id, result: packResult(result) });
        return;
      }
      const { chunks, stats } = renderAnswer(question, result);
      this.#say({ kind: 'answered', id, stats });
      for (let next = chunks.next(); next.done !== true; next = chunks.next()) {
        await this.#room();
        signal.throwIfAborted();
        const bytes = new TextEncoder().encode(next.value);
        this.#ahead++;
        this.#say({ kind: 'chunk', id, bytes }, [bytes.buffer]);
      }
      this.#say({ kind: 'end', id });
    } catch (error) {
      this.#fail(error);
    }
  }

  taken(): void {
    this.#ahead--;
    this.#wake?.();
  }

  cancel(reason: QueryError): void {
    this.#controller.abort(reason);
    this.#wake?.();
  }

  /** Waits until the reader is not too far behind. */
  async #room(): Promise<void> {
    while (this.#ahead >= CHUNKS_AHEAD && !this.#controller.signal.aborted) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #say(message: FromWorker, transfer?: readonly ArrayBuffer[]): void {
    this.#port.postMessage(message, transfer);
  }

  #fail(error: unknown): void {
    const id = this.#id;
    if (error instanceof QueryError && error.cause === undefined) {
      this.#say({ kind: 'failed', id, error: { type: error.type, message: error.message } });
      return;
    }
    const shown =
      error instanceof QueryError
        ? { type: error.type, message: error.message }
        : { type: 'internal' as const, message: 'the query failed for a reason that is in the log' };
    const cause = error instanceof QueryError ? error.cause : error;
    this.#say({ kind: 'failed', id, error: shown, defect: describe(cause) });
  }
}

/** With the causes, as far as they say more. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${describe(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
