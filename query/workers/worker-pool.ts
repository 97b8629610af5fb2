import type { Answer, Question } from '../api/answer.ts';
import { QueryError, type QueryErrorType, type QueryResult, type QueryStats } from '../query-result.ts';
import type { FromWorker, Port, ToWorker } from './messages.ts';
import { unpackResult } from './pack-result.ts';

/** A thread that serves questions. */
export interface QueryWorker {
  readonly port: Port;
  /** Called once, when the thread is gone, for whatever reason. */
  onExit(listener: (reason: string) => void): void;
  terminate(): Promise<unknown>;
}

export interface WorkerPoolOptions {
  /** Threads at most; each is started when it is first needed. */
  readonly size: number;
  readonly start: () => QueryWorker;
  /** Told of what is no fault of a query: a defect, or a thread that went. */
  readonly onDefect: (message: string) => void;
}

/**
 * Runs queries in other threads, so that what is heavy keeps nobody waiting in this one. A question goes to the thread
 * that has the fewest. When a thread dies, its questions fail and the next one starts a new thread.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #threads = new Set<Thread>();
  #closed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** The text of an answer. Rejects with a QueryError. Whoever does not read the chunks to the end calls their `return`. */
  async answer(question: Question, signal: AbortSignal): Promise<Answer> {
    const asked = this.#thread().ask('answer', question, signal);
    return { stats: await asked.stats, chunks: asked.chunks() };
  }

  /** The result itself. Rejects with a QueryError. */
  evaluate(question: Question, signal: AbortSignal): Promise<QueryResult> {
    return this.#thread().ask('evaluate', question, signal).result;
  }

  /** Ends all threads; what they were asked fails. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  #thread(): Thread {
    if (this.#closed) throw new QueryError('unavailable', 'the server is shutting down');
    const [least] = [...this.#threads].sort((a, b) => a.load - b.load);
    if (least !== undefined && (least.load === 0 || this.#threads.size >= this.#options.size)) return least;
    const thread = new Thread(this.#options.start(), this.#options.onDefect);
    this.#threads.add(thread);
    thread.exited.then((reason) => {
      this.#threads.delete(thread);
      if (!this.#closed) this.#options.onDefect(`a query thread ended: ${reason}`);
    });
    return thread;
  }
}

class Thread {
  readonly exited: Promise<string>;
  readonly #worker: QueryWorker;
  readonly #asked = new Map<number, Asked>();
  readonly #onDefect: (message: string) => void;
  #ids = 0;

  constructor(worker: QueryWorker, onDefect: (message: string) => void) {
    this.#worker = worker;
    this.#onDefect = onDefect;
    worker.port.on('message', (message) => this.#hear(message as FromWorker));
    this.exited = new Promise((resolve) => worker.onExit(resolve));
    this.exited.then((reason) => {
      for (const asked of this.#asked.values()) {
        asked.fail(new QueryError('internal', `the thread that ran the query ended: ${reason}`));
      }
      this.#asked.clear();
    });
  }

  get load(): number {
    return this.#asked.size;
  }

  ask(kind: 'answer' | 'evaluate', question: Question, signal: AbortSignal): Asked {
    signal.throwIfAborted();
    const id = ++this.#ids;
    const say = (message: ToWorker) => this.#worker.port.postMessage(message);
    const asked = new Asked(id, { say, signal, forget: () => this.#asked.delete(id) });
    this.#asked.set(id, asked);
    say({ kind, id, question });
    return asked;
  }

  terminate(): Promise<unknown> {
    return this.#worker.terminate();
  }

  #hear(message: FromWorker): void {
    if (message.kind === 'failed' && message.defect !== undefined) this.#onDefect(message.defect);
    this.#asked.get(message.id)?.hear(message);
  }
}

/** A promise and what settles it. */
class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    // Nobody may be waiting for it.
    this.promise.catch(() => {});
  }
}

/** A question that a thread was asked. */
class Asked {
  readonly #stats = new Deferred<QueryStats>();
  readonly #result = new Deferred<QueryResult>();
  readonly #id: number;
  readonly #say: (message: ToWorker) => void;
  readonly #forget: () => void;
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #error: unknown;
  #wake: (() => void) | undefined;

  constructor(
    id: number,
    { say, signal, forget }: { say: (message: ToWorker) => void; signal: AbortSignal; forget: () => void },
  ) {
    this.#id = id;
    this.#say = say;
    const onAbort = () => this.#cancel(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#forget = () => {
      signal.removeEventListener('abort', onAbort);
      forget();
    };
  }

  /** There when the answer begins. */
  get stats(): Promise<QueryStats> {
    return this.#stats.promise;
  }

  get result(): Promise<QueryResult> {
    return this.#result.promise;
  }

  hear(message: FromWorker): void {
    switch (message.kind) {
      case 'answered':
        this.#stats.resolve(message.stats);
        return;
      case 'chunk':
        this.#chunks.push(message.bytes);
        this.#wake?.();
        return;
      case 'end':
        this.#finish();
        return;
      case 'evaluated':
        this.#result.resolve(unpackResult(message.result));
        this.#finish();
        return;
      case 'failed':
        this.fail(new QueryError(message.error.type, message.error.message));
        return;
      default:
        message satisfies never;
    }
  }

  fail(error: unknown): void {
    this.#error = error;
    this.#reject(error);
    this.#finish();
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          this.#say({ kind: 'taken', id: this.#id });
          yield chunk;
        } else if (this.#error !== undefined) {
          throw this.#error;
        } else if (this.#ended) {
          return;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
    } finally {
      if (!this.#ended) this.#cancel(new QueryError('canceled', 'query was canceled in query execution'));
    }
  }

  /** Tells the worker, which answers with the failure; the caller need not wait for that. */
  #cancel(reason: unknown): void {
    const type: QueryErrorType = reason instanceof QueryError ? reason.type : 'canceled';
    const message = reason instanceof Error ? reason.message : 'query was canceled in query execution';
    this.#say({ kind: 'cancel', id: this.#id, reason: { type, message } });
    this.#reject(reason);
  }

  #reject(error: unknown): void {
    this.#stats.reject(error);
    this.#result.reject(error);
  }

  #finish(): void {
    this.#ended = true;
    this.#forget();
    this.#wake?.();
  }
}
