/**
 * One token of SQL. `text` is the token as written, except that a quoted identifier is without its quotes and escapes
 * (`kind: 'quoted'`). `start` and `end` are offsets into the text that was given.
 */
export interface SqlToken {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'symbol';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Splits SQL into tokens, on demand, without comments and white space: as much of ClickHouse's lexical rules as is
 * needed to find clauses. It never fails; a quote or a comment that does not end reaches to the end of the text.
 *
 * Works on text decoded as latin1 too, where every offset is an offset in bytes: whatever is not ASCII is part of a word.
 */
export class SqlLexer {
  readonly #sql: string;
  #position = 0;

  constructor(sql: string) {
    this.#sql = sql;
  }

  /** The next token; undefined at the end. */
  next(): SqlToken | undefined {
    this.#skipBlanks();
    const sql = this.#sql;
    const start = this.#position;
    const first = sql[start];
    if (first === undefined) return undefined;
    let kind: SqlToken['kind'];
    let end: number;
    if (first === "'") {
      kind = 'string';
      end = this.#endOfQuoted(start, first);
    } else if (first === '`' || first === '"') {
      kind = 'quoted';
      end = this.#endOfQuoted(start, first);
    } else if (first === '$' && (end = this.#endOfHeredoc(start)) > 0) {
      kind = 'string';
    } else if (isDigit(first)) {
      kind = 'number';
      NUMBER.lastIndex = start;
      NUMBER.test(sql);
      end = NUMBER.lastIndex;
    } else if (isWord(first)) {
      kind = 'word';
      WORD.lastIndex = start;
      WORD.test(sql);
      end = WORD.lastIndex;
    } else {
      kind = 'symbol';
      end = start + 1;
    }
    this.#position = end;
    return { kind, text: kind === 'quoted' ? unquote(sql.slice(start, end)) : sql.slice(start, end), start, end };
  }

  #skipBlanks(): void {
    const sql = this.#sql;
    for (;;) {
      BLANK.lastIndex = this.#position;
      BLANK.test(sql);
      const at = BLANK.lastIndex;
      this.#position = at;
      if (sql.startsWith('--', at) || sql.startsWith('#!', at) || sql.startsWith('# ', at)) {
        const newline = sql.indexOf('\n', at);
        this.#position = newline < 0 ? sql.length : newline + 1;
      } else if (sql.startsWith('/*', at)) {
        const close = sql.indexOf('*/', at + 2);
        this.#position = close < 0 ? sql.length : close + 2;
      } else {
        return;
      }
    }
  }

  /** The offset behind the closing quote. A doubled quote and a backslash escape stay inside. */
  #endOfQuoted(start: number, quote: string): number {
    const sql = this.#sql;
    for (let i = start + 1; i < sql.length; i++) {
      if (sql[i] === '\\') i++;
      else if (sql[i] === quote) {
        if (sql[i + 1] !== quote) return i + 1;
        i++;
      }
    }
    return sql.length;
  }

  /** The offset behind `$tag$…$tag$`, 0 when there is none here. */
  #endOfHeredoc(start: number): number {
    HEREDOC.lastIndex = start;
    const tag = HEREDOC.exec(this.#sql)?.[0];
    if (tag === undefined) return 0;
    const close = this.#sql.indexOf(tag, start + tag.length);
    return close < 0 ? 0 : close + tag.length;
  }
}

const BLANK = /[\s\0]*/y;
const WORD = /[A-Za-z0-9_$\x80-\uffff]+/y;
/** Good enough to step over a number: `1e-5` and `0x1p-3` come as several tokens, which are symbols and numbers again. */
const NUMBER = /[0-9A-Za-z_.]+/y;
const HEREDOC = /\$[A-Za-z0-9_]*\$/y;

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

function isWord(character: string): boolean {
  return /[A-Za-z_$\x80-\uffff]/.test(character);
}

function unquote(quoted: string): string {
  const quote = quoted[0]!;
  const inner = quoted.slice(1, quoted.length > 1 && quoted.endsWith(quote) ? -1 : undefined);
  return inner.replaceAll(quote + quote, quote).replace(/\\(.)/gs, '$1');
}
