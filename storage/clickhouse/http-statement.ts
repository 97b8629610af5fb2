import { HttpException } from './http-exception.ts';
import { SqlLexer, type SqlToken } from './http-lexer.ts';

/** What a request's text is, as far as the protocol has to know. Offsets are offsets into the text. */
export type Statement = Insert | Other;

/** A statement that only has an answer, or none: everything but an INSERT. */
export interface Other {
  readonly kind: 'select' | 'other';
  /** Totals stand beside the rows, so that the answer is more than a sequence of blocks. */
  readonly totals: boolean;
  /** The FORMAT that the text asks for. */
  readonly format: string | undefined;
}

/** An INSERT, which may have data behind its text. */
export interface Insert {
  readonly kind: 'insert';
  /** The FORMAT of the data, `Values` for VALUES. Undefined when the text names none. */
  readonly format: string | undefined;
  /** Where the clause that names the format begins, else where the statement ends. */
  readonly formatStart: number;
  /** Where the data begins; undefined when the text names no format, so that data can only come beside it. */
  readonly dataStart: number | undefined;
  /** Where the SETTINGS before the format begin. */
  readonly settingsStart: number | undefined;
  /** The rows come from a SELECT, so that the data is what `input(…)` reads. */
  readonly select: boolean;
  /** The `input(…)` of the SELECT: where it begins and ends, and its arguments. */
  readonly input: { readonly start: number; readonly end: number; readonly structure: string } | undefined;
}

/**
 * Finds out what a statement is. Throws an HttpException for more than one statement and for INTO OUTFILE and FROM
 * INFILE, which would be files of this machine.
 */
export function parseStatement(sql: string): Statement {
  const lexer = new SqlLexer(sql);
  const first = lexer.next();
  if (first === undefined) throw new HttpException('SYNTAX_ERROR', 'Empty query');
  return isWord(first, 'INSERT') ? parseInsert(sql, lexer, first) : parseOther(lexer, first);
}

/** Whether a text begins an INSERT. */
export function isInsert(sql: string): boolean {
  const first = new SqlLexer(sql).next();
  return first !== undefined && isWord(first, 'INSERT');
}

function parseOther(lexer: SqlLexer, first: SqlToken): Other {
  let format: string | undefined;
  let totals = false;
  let previous = first;
  let depth = first.text === '(' ? 1 : 0;
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    if (isSymbol(token, '(')) depth++;
    else if (isSymbol(token, ')')) depth--;
    else if (isSymbol(token, ';')) expectEnd(lexer, token);
    else if (depth === 0 && isWord(previous, 'FORMAT') && isName(token)) format = token.text;
    if (isWord(previous, 'WITH') && isWord(token, 'TOTALS')) totals = true;
    if (isWord(previous, 'INTO') && isWord(token, 'OUTFILE')) {
      throw new HttpException('INTO_OUTFILE_NOT_ALLOWED', 'INTO OUTFILE is not allowed');
    }
    previous = token;
  }
  const select = isSymbol(first, '(') || SELECTS.has(first.kind === 'word' ? first.text.toUpperCase() : '');
  return { kind: select ? 'select' : 'other', totals, format };
}

const SELECTS = new Set(['SELECT', 'WITH', 'FROM']);

function parseInsert(sql: string, lexer: SqlLexer, first: SqlToken): Insert {
  let settingsStart: number | undefined;
  let select = false;
  let input: Insert['input'];
  let depth = 0;
  let end = first.end;
  let previous = first;
  const finish = (format: string | undefined, formatStart: number, dataStart: number | undefined): Insert => {
    return { kind: 'insert', format, formatStart, dataStart, settingsStart, select, input };
  };
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    // A table may be called `values` or `format`.
    const afterName = !isWord(previous, 'INTO') && !isWord(previous, 'TABLE') && !isSymbol(previous, '.');
    if (isSymbol(token, '(')) depth++;
    else if (isSymbol(token, ')')) depth--;
    else if (isSymbol(token, ';')) {
      expectEnd(lexer, token);
      break;
    }
    if (isWord(token, 'SELECT') || isWord(token, 'WITH')) select ||= depth === 0 || isSymbol(previous, '(');
    if (isWord(previous, 'FROM') && isWord(token, 'INFILE')) {
      throw new HttpException('NOT_IMPLEMENTED', 'FROM INFILE reads a file of the client, send the data in the body');
    }
    if (select && isWord(previous, 'INPUT') && isSymbol(token, '(')) {
      const close = closing(lexer);
      input = { start: previous.start, end: close.end, structure: sql.slice(token.end, close.start) };
      depth--;
      token = close;
    } else if (depth === 0 && afterName && isWord(token, 'VALUES') && !select) {
      return finish('Values', token.start, token.end);
    } else if (depth === 0 && afterName && isWord(token, 'FORMAT')) {
      const name = lexer.next();
      if (name !== undefined && isName(name)) return finish(name.text, token.start, dataAfter(sql, name.end));
    } else if (depth === 0 && afterName && isWord(token, 'SETTINGS') && !select) {
      settingsStart = token.start;
    }
    previous = token;
    end = token.end;
  }
  return finish(undefined, end, undefined);
}

/** Data begins behind the blanks and at most one line end that follow the format's name. */
function dataAfter(sql: string, position: number): number {
  DATA_BLANKS.lastIndex = position;
  DATA_BLANKS.test(sql);
  return DATA_BLANKS.lastIndex;
}

const DATA_BLANKS = /[ \t\f]*;?[ \t\f]*(\r?\n)?/y;

/** Reads to the parenthesis that closes the one just read. */
function closing(lexer: SqlLexer): SqlToken {
  let depth = 1;
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    if (isSymbol(token, '(')) depth++;
    else if (isSymbol(token, ')') && --depth === 0) return token;
  }
  throw new HttpException('SYNTAX_ERROR', 'Syntax error: the parenthesis of input( is not closed');
}

function expectEnd(lexer: SqlLexer, semicolon: SqlToken): void {
  const rest = lexer.next();
  if (rest !== undefined && !isSymbol(rest, ';')) {
    const message = `Syntax error (Multi-statements are not allowed): failed at position ${semicolon.start + 1}`;
    throw new HttpException('SYNTAX_ERROR', message);
  }
}

function isWord(token: SqlToken, upper: string): boolean {
  return token.kind === 'word' && token.text.length === upper.length && token.text.toUpperCase() === upper;
}

function isSymbol(token: SqlToken, symbol: string): boolean {
  return token.kind === 'symbol' && token.text === symbol;
}

function isName(token: SqlToken): boolean {
  return token.kind === 'word' || token.kind === 'quoted';
}
