import { isUtf8 } from 'node:buffer';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { HttpBody } from './http-body.ts';
import { answerOf, cannotStream, type HttpEngine, type SessionSetup, streamAnswer } from './http-engine.ts';
import { HttpException } from './http-exception.ts';
import { streamingOf } from './http-format.ts';
import { parseMultipart } from './http-multipart.ts';
import { isHarmlessSetting, type ReadOnlyGuard } from './http-read-only.ts';
import { type HttpRequest, parameterName } from './http-request.ts';
import type { HttpResponse } from './http-response.ts';
import type { HttpSlots } from './http-slots.ts';
import { type Insert, isInsert, parseStatement } from './http-statement.ts';
import { sqlString } from './sql-literal.ts';

/** What a query needs of the server. */
export interface QueryContext {
  readonly engine: HttpEngine;
  readonly slots: HttpSlots;
  /** Present when the server only reads. */
  readonly guard: ReadOnlyGuard | undefined;
  readonly directory: string;
  /** Settings that a client cannot lift; used with the guard. */
  readonly limits: ReadonlyMap<string, string>;
  readonly maxQueryBytes: number;
  readonly maxExecutionTime: number;
  /** Bytes of an answer that must be made in one piece. */
  readonly maxDocumentBytes: number;
}

/** One request with a query: its body and what else it says. */
export interface Query {
  readonly request: HttpRequest;
  readonly body: HttpBody;
  readonly boundary: string | undefined;
  /** GET may not write. */
  readonly get: boolean;
  readonly response: HttpResponse;
  readonly signal: AbortSignal;
}

let files = 0;

/** Reads the query, runs it and answers. Rejects with what went wrong before or behind the response's start. */
export async function runQuery(context: QueryContext, query: Query): Promise<void> {
  const { sql, request, head } = await readQuery(context, query);
  const statement = parseStatement(sql.toString('latin1'));
  if (statement.kind === 'insert') return insert(context, query, { sql, request, head, statement });
  if (!isUtf8(sql)) throw new HttpException('BAD_ARGUMENTS', 'The query must be valid UTF-8');
  const format = statement.format ?? request.format;
  const streamable = statement.kind === 'select' && !statement.totals && !request.wait;
  const streaming = streamable ? streamingOf(format) : undefined;
  // Stops the engine early. What it counts is the size in memory, which is not that of the document.
  const limit: [string, string][] =
    streaming === undefined ? [['max_result_bytes', String(context.maxDocumentBytes)]] : [];
  const setup = sessionSetup(context, request, { get: query.get, defaults: limit });
  const release = await context.slots.acquire(query.signal);
  try {
    await context.engine.withSession(setup, query.signal, async (session) => {
      const started = performance.now();
      const text = (await context.guard?.(session, sql.toString(), request.database)) ?? sql.toString();
      const { signal, response } = query;
      if (streaming !== undefined) {
        const headerLength = streaming === 'plain' ? undefined : streaming;
        try {
          const pieces = await streamAnswer(session, text, { format, headerLength, signal });
          const elapsed = performance.now() - started;
          response.start(format, { ...NOTHING, elapsed });
          for await (const piece of pieces) await response.write(piece);
          return await response.end();
        } catch (error) {
          if (!cannotStream(error)) throw error;
        }
      }
      const answer = await answerOf(session, text, format);
      if (answer.bytes.length > context.maxDocumentBytes) throw tooLong(context.maxDocumentBytes);
      const elapsed = performance.now() - started;
      response.start(format, { ...NOTHING, readRows: answer.rowsRead, readBytes: answer.bytesRead, elapsed });
      await response.end(answer.bytes);
    });
  } finally {
    release();
  }
}

const NOTHING = { readRows: 0, readBytes: 0, writtenRows: 0, writtenBytes: 0 };

function tooLong(limit: number): HttpException {
  const message = `A result in this format must have at most ${limit} bytes; formats made of rows have no such limit`;
  return new HttpException('QUERY_IS_TOO_LARGE', message);
}

/** `sql` with the beginning of the data, if any; `head` is data that was read with it. */
interface ReadQuery {
  readonly sql: Buffer;
  readonly request: HttpRequest;
  /** The rest of the body is data. */
  readonly head: boolean;
}

async function readQuery(context: QueryContext, { request, body, boundary }: Query): Promise<ReadQuery> {
  const limit = context.maxQueryBytes;
  if (boundary !== undefined) {
    const parameters = new Map(request.parameters);
    let text = request.query;
    for (const [name, value] of parseMultipart(await body.all(limit), boundary)) {
      if (name === 'query') text = (text === undefined ? '' : `${text}\n`) + value;
      else if (name.startsWith('param_')) parameters.set(parameterName(name.slice(6)), value);
      else throw new HttpException('BAD_ARGUMENTS', `Unknown field of the form: ${JSON.stringify(name)}`);
    }
    return { sql: Buffer.from(text ?? ''), request: { ...request, parameters }, head: false };
  }
  // ClickHouse reads the address's query and the body as one text with a line end between.
  const given = Buffer.from(request.query === undefined ? '' : `${request.query}\n`);
  if (given.length > limit) throw new HttpException('QUERY_IS_TOO_LARGE', `The query must have at most ${limit} bytes`);
  if (request.query !== undefined && isInsert(request.query)) return { sql: given, request, head: true };
  const { bytes, complete } = await body.upTo(limit);
  if (!complete && !isInsert(bytes.toString('latin1'))) {
    throw new HttpException('QUERY_IS_TOO_LARGE', `The query must have at most ${limit} bytes`);
  }
  return { sql: Buffer.concat([given, bytes]), request, head: !complete };
}

function sessionSetup(
  context: QueryContext,
  request: HttpRequest,
  options: { get: boolean; defaults: readonly (readonly [string, string])[] },
): SessionSetup {
  const { database, parameters } = request;
  if (context.guard === undefined) {
    const settings = new Map([...options.defaults, ...request.settings]);
    settings.delete('readonly');
    const asked = Number(request.settings.get('readonly') ?? 0);
    return { database, parameters, settings, readonly: asked === 1 ? 1 : asked === 2 || options.get ? 2 : 0 };
  }
  const settings = new Map([...options.defaults, ...context.limits]);
  for (const [name, value] of request.settings) {
    if (name === 'readonly' || name === 'log_comment') continue;
    if (name === 'max_execution_time') {
      const seconds = Number(value);
      const most = context.maxExecutionTime / 1000;
      settings.set(name, String(seconds > 0 && seconds < most ? seconds : most));
      continue;
    }
    if (!isHarmlessSetting(name)) {
      throw new HttpException('READONLY', `Cannot modify '${name}' setting in readonly mode`);
    }
    settings.set(name, value);
  }
  return { database, parameters, settings, readonly: 1 };
}

/**
 * Inserts by way of a file: the engine's library takes statements as UTF-8 text, which would damage binary data. FROM
 * INFILE reads the file with the semantics of an INSERT with data (defaults of omitted columns, for one).
 */
async function insert(
  context: QueryContext,
  query: Query,
  { sql, request, head, statement }: ReadQuery & { statement: Insert },
): Promise<void> {
  if (context.guard !== undefined || query.get) {
    throw new HttpException('READONLY', 'Cannot execute query in readonly mode');
  }
  const reads = !statement.select || statement.input !== undefined;
  const path = join(context.directory, `${process.pid}-${++files}.data`);
  try {
    let text = sql.toString();
    const dataStart = statement.dataStart ?? statement.formatStart;
    // VALUES with expressions are statements themselves, so they stay where they are while they fit.
    const inline =
      statement.format === 'Values' && !statement.select
        ? await inlineValues(context, query, { sql, head })
        : undefined;
    if (inline !== undefined) {
      text = inline;
    } else if (reads) {
      await query.body.spool(path, statement.dataStart === undefined ? new Uint8Array(0) : sql.subarray(dataStart));
      text = insertFrom(path, sql, { ...statement, format: statement.format ?? request.format });
    }
    const release = await context.slots.acquire(query.signal);
    try {
      // The signal is not for the engine: an INSERT that was read whole is done whole.
      const unstoppable = new AbortController().signal;
      await context.engine.withSession(
        sessionSetup(context, request, { get: false, defaults: [] }),
        unstoppable,
        async (session) => {
          const started = performance.now();
          const answer = await answerOf(session, text, 'TabSeparated');
          const elapsed = performance.now() - started;
          const written = { writtenRows: answer.rowsRead, writtenBytes: answer.bytesRead };
          query.response.start('TabSeparated', { ...NOTHING, ...written, elapsed });
          await query.response.end();
        },
      );
    } finally {
      release();
    }
  } finally {
    await unlink(path).catch(() => {});
  }
}

async function inlineValues(
  context: QueryContext,
  query: Query,
  { sql, head }: { sql: Buffer; head: boolean },
): Promise<string | undefined> {
  if (!head) return sql.toString();
  const { bytes, complete } = await query.body.upTo(context.maxQueryBytes);
  const text = Buffer.concat([sql, bytes]).toString();
  if (complete) return text;
  throw new HttpException(
    'QUERY_IS_TOO_LARGE',
    `VALUES must have at most ${context.maxQueryBytes} bytes, use another format`,
  );
}

/** The statement with the file in the place of its data. */
function insertFrom(path: string, sql: Buffer, insert: Insert & { format: string }): string {
  const part = (start: number, end?: number) => sql.subarray(start, end).toString();
  const file = sqlString(path);
  const format = `\`${insert.format.replaceAll('`', '')}\``;
  if (insert.input !== undefined) {
    const { start, end, structure } = insert.input;
    return `${part(0, start)}file(${file}, ${format}, ${structure})${part(end, insert.formatStart)}`;
  }
  const before = part(0, insert.settingsStart ?? insert.formatStart);
  const settings = insert.settingsStart === undefined ? '' : part(insert.settingsStart, insert.formatStart);
  return `${before} FROM INFILE ${file} COMPRESSION 'none' ${settings} FORMAT ${format}`;
}
