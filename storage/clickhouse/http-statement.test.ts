import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SqlLexer } from './http-lexer.ts';
import { parseStatement } from './http-statement.ts';

function tokens(sql: string): string[] {
  const lexer = new SqlLexer(sql);
  const list: string[] = [];
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) list.push(`${token.kind} ${token.text}`);
  return list;
}

test('tokens are in order, do not overlap, and leave out nothing but blanks and comments', () => {
  const piece = fc.constantFrom(
    'a',
    "'",
    '"',
    '`',
    '\\',
    '--',
    '/*',
    '*/',
    '\n',
    ' ',
    '#!',
    '$',
    '$x$',
    '1e5',
    ';',
    '(',
    ')',
    'ä',
    '\0',
    '.',
    '/',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const sql = pieces.join('');
      const lexer = new SqlLexer(sql);
      let end = 0;
      for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
        expect(token.start).toBeGreaterThanOrEqual(end);
        expect(token.end).toBeGreaterThan(token.start);
        expect(sql.slice(end, token.start)).toMatch(
          /^([\s\0]|--[^\n]*(\n|$)|#[! ][^\n]*(\n|$)|\/\*[\s\S]*?(\*\/|$))*$/,
        );
        end = token.end;
      }
    }),
  );
});

test.each([
  ["SELECT 'a''b\\'c' x", ['word SELECT', "string 'a''b\\'c'", 'word x']],
  ['`a``b\\`c`.`d"` "e""f"', ['quoted a`b`c', 'symbol .', 'quoted d"', 'quoted e"f']],
  ['1 -- c\n+ /* ; */ 2 # d\n-3 #! e', ['number 1', 'symbol +', 'number 2', 'symbol -', 'number 3']],
  ["$$it's$$ $t$ $$ $t$ $x", ["string $$it's$$", 'string $t$ $$ $t$', 'word $x']],
  ["'never ends", ["string 'never ends"]],
  ['/* never ends', []],
])('tokens of %s', (sql, expected) => expect(tokens(sql)).toEqual(expected));

describe('statements', () => {
  test.each([
    ['SELECT 1', 'select', undefined],
    ['(SELECT 1) FORMAT CSV', 'select', 'CSV'],
    ['with x as (select 1 format y) select 1 format `JSON` settings a = 1', 'select', 'JSON'],
    ["SELECT 'FORMAT CSV' -- FORMAT TSV", 'select', undefined],
    ['SHOW TABLES FORMAT TSV;', 'other', 'TSV'],
    ['FROM t SELECT a', 'select', undefined],
    ['CREATE TABLE t (a Int8) ENGINE = Memory', 'other', undefined],
  ])('%s', (sql, kind, format) => expect(parseStatement(sql)).toMatchObject({ kind, format }));

  /** The statement with a mark where its settings, its format and its data begin. */
  const marked = (sql: string) => {
    const statement = parseStatement(sql);
    if (statement.kind !== 'insert') return 'no insert';
    const marks = [
      [statement.settingsStart, '<S>'],
      [statement.formatStart, `<F ${statement.format}>`],
      [statement.dataStart, '<D>'],
    ] as const;
    let text = sql;
    for (const [at, mark] of marks.toReversed()) if (at !== undefined) text = text.slice(0, at) + mark + text.slice(at);
    return statement.select ? `${text} select` : text;
  };
  test.each([
    ['INSERT INTO t FORMAT CSV\n1', 'INSERT INTO t <F CSV>FORMAT CSV\n<D>1'],
    ['INSERT INTO t FORMAT RowBinary \r\n\n;', 'INSERT INTO t <F RowBinary>FORMAT RowBinary \r\n<D>\n;'],
    [
      "/* INSERT */ insert into t (a, `format`) settings x = 'VALUES' values(1)",
      "/* INSERT */ insert into t (a, `format`) <S>settings x = 'VALUES' <F Values>values<D>(1)",
    ],
    ['INSERT INTO values (format) FORMAT TSV', 'INSERT INTO values (format) <F TSV>FORMAT TSV<D>'],
    ['INSERT INTO db.format VALUES (1); (2)', 'INSERT INTO db.format <F Values>VALUES<D> (1); (2)'],
    ['INSERT INTO t SELECT 1 AS a', 'INSERT INTO t SELECT 1 AS a<F undefined> select'],
    ['INSERT INTO t (SELECT 1)', 'INSERT INTO t (SELECT 1)<F undefined> select'],
    [
      "INSERT INTO t SELECT * FROM input('a Int8') FORMAT Native\n\x00",
      "INSERT INTO t SELECT * FROM input('a Int8') <F Native>FORMAT Native\n<D>\x00 select",
    ],
    ['INSERT INTO t', 'INSERT INTO t<F undefined>'],
    ["INSERT INTO FUNCTION file('x') VALUES (1)", "INSERT INTO FUNCTION file('x') <F Values>VALUES<D> (1)"],
  ])('%s', (sql, expected) => expect(marked(sql)).toBe(expected));

  test('the place of input()', () => {
    const sql = "INSERT INTO t SELECT a FROM input('a Enum(\\'x)\\' = 1)' ) WHERE (1) FORMAT CSV";
    const statement = parseStatement(sql);
    if (statement.kind !== 'insert' || statement.input === undefined) throw new Error('no input');
    expect(sql.slice(statement.input.start, statement.input.end)).toBe("input('a Enum(\\'x)\\' = 1)' )");
    expect(statement.input.structure).toBe("'a Enum(\\'x)\\' = 1)' ");
  });

  test.each([
    ['', 'Empty query'],
    ['SELECT 1; SELECT 2', 'Multi-statements'],
    ['INSERT INTO t SELECT 1; DROP TABLE t', 'Multi-statements'],
    ["SELECT 1 INTO\n--x\nOUTFILE 'f'", 'INTO OUTFILE'],
    ["INSERT INTO t FROM INFILE 'f'", 'FROM INFILE'],
    ["INSERT INTO t SELECT * FROM input('a", 'not closed'],
  ])('refuses %j', (sql, message) => expect(() => parseStatement(sql)).toThrow(message));
});
