import { randomUUID } from 'node:crypto';
import type { Session } from 'chdb';
import { HttpException } from './http-exception.ts';
import { sqlString } from './sql-literal.ts';

/** What is set in the session before the query runs. */
export interface SessionSetup {
  readonly database: string | undefined;
  readonly settings: ReadonlyMap<string, string>;
  readonly parameters: ReadonlyMap<string, string>;
  /** ClickHouse's setting `readonly`: 0 anything, 1 nothing that writes or sets, 2 nothing that writes. */
  readonly readonly: 0 | 1 | 2;
}

/** An answer in one piece. */
export interface Answer {
  readonly bytes: Uint8Array;
  readonly rowsRead: number;
  readonly bytesRead: number;
}

/**
 * Runs queries, each in a session of its own: settings, parameters and the current database end with the query, and
 * the queries do not wait for one another. Opening a session costs 0.2 ms.
 */
export class HttpEngine {
  readonly #openSession: () => Session;
  /** Kills queries. With it alone no thread of the pool is needed, which the queries may have taken up. */
  readonly #control: Session;

  constructor(openSession: () => Session) {
    this.#openSession = openSession;
    this.#control = openSession();
  }

  /** For statements that are ours and short. */
  get control(): Session {
    return this.#control;
  }

  /** Runs `use` with a session that is set up; aborting the signal kills what runs in it. */
  async withSession<T>(setup: SessionSetup, signal: AbortSignal, use: (session: Session) => Promise<T>): Promise<T> {
    const session = this.#openSession();
    const mark = `pharos-http-${randomUUID()}`;
    const kill = () => this.#kill(mark);
    try {
      if (setup.database !== undefined) await session.queryAsync(`USE ${quoteIdentifier(setup.database)}`);
      const settings = [...setup.settings].map(([name, value]) => `${name} = ${sqlString(value)}`);
      const parameters = [...setup.parameters].map(([name, value]) => `param_${name} = ${sqlString(value)}`);
      const own = [`log_comment = '${mark}'`, `readonly = ${setup.readonly}`];
      await session.queryAsync(`SET ${[...settings, ...parameters, ...own].join(', ')}`);
      if (signal.aborted) throw new HttpException('QUERY_WAS_CANCELLED', 'Query was cancelled');
      signal.addEventListener('abort', kill, { once: true });
      return await use(session);
    } finally {
      signal.removeEventListener('abort', kill);
      session.close();
    }
  }

  #kill(mark: string): void {
    try {
      this.#control.query(`KILL QUERY WHERE Settings['log_comment'] = '${mark}' ASYNC`);
    } catch {
      // It has ended by itself, or the engine is closing.
    }
  }

  close(): void {
    this.#control.close();
  }
}

/** The answer in one piece, for statements and formats that cannot be streamed. */
export async function answerOf(session: Session, sql: string, format: string): Promise<Answer> {
  const result = await session.queryAsync(sql, { format });
  return { bytes: result.bytes(), rowsRead: result.rowsRead, bytesRead: result.bytesRead };
}

/**
 * The answer as the engine makes it. The first piece is there when this resolves, so that most errors come before
 * anything was sent; undefined when there are no pieces. Ending the loop early stops the query.
 */
export async function streamAnswer(
  session: Session,
  sql: string,
  options: { format: string; headerLength: ((document: Uint8Array) => number) | undefined; signal: AbortSignal },
): Promise<AsyncIterable<Uint8Array>> {
  const stream = session.queryStream(sql, { format: options.format });
  const cancel = () => stream.cancel();
  options.signal.addEventListener('abort', cancel, { once: true });
  const chunks = stream[Symbol.asyncIterator]();
  const end = () => {
    options.signal.removeEventListener('abort', cancel);
    stream.cancel();
  };
  let first: IteratorResult<{ raw(): Uint8Array }>;
  try {
    first = await chunks.next();
  } catch (error) {
    end();
    throw error;
  }
  return (async function* () {
    try {
      for (let chunk = first, index = 0; chunk.done !== true; chunk = await chunks.next(), index++) {
        const bytes = chunk.value.raw();
        yield index === 0 || options.headerLength === undefined ? bytes : bytes.subarray(options.headerLength(bytes));
      }
      if (options.signal.aborted) throw new HttpException('QUERY_WAS_CANCELLED', 'Query was cancelled');
    } finally {
      end();
    }
  })();
}

/** Whether the engine refused to stream because the statement has no stream; nothing was run then. */
export function cannotStream(error: unknown): boolean {
  return error instanceof Error && error.message.includes('Streaming query is not supported for query');
}

function quoteIdentifier(name: string): string {
  return '`' + name.replaceAll('\\', '\\\\').replaceAll('`', '\\`') + '`';
}
