import type { Session } from 'chdb';
import { HttpException } from './http-exception.ts';
import { SqlLexer, type SqlToken } from './http-lexer.ts';

/*
 * What keeps read-only SQL from becoming access to files and networks. Three layers, each of which has gaps alone:
 *
 * 1. The engine: the query runs in a session of its own with `readonly = 1`, which SQL cannot lift. That stops every
 *    write, and table functions when they are read. It does not stop INTO OUTFILE (the embedded engine writes the file
 *    itself), the function file(), DESCRIBE of a table function, BACKUP, or KILL.
 * 2. The statement: only statements that read are accepted, and no function by which SQL leaves the database.
 * 3. The text: what is checked is not what the client sent but what the engine's parser made of it (formatQuery), and
 *    that text is also what runs. So there is no comment, quote or escape that this check and the engine could read
 *    differently.
 */

/**
 * Turns a client's SQL into the text to run; rejects with an HttpException when it is not only reading. The session's
 * engine parses it, which is a query like any other. `database` is the current one.
 */
export type ReadOnlyGuard = (session: Session, sql: string, database: string | undefined) => Promise<string>;

/** Makes a guard. The session is only used to ask for the functions that the engine has. */
export async function createReadOnlyGuard(session: Session): Promise<ReadOnlyGuard> {
  const rows = await session.queryAsync('SELECT name FROM system.table_functions', { format: 'TSVRaw' });
  const denied = new Set(DENIED_FUNCTIONS);
  for (const name of rows.text().split('\n')) if (!ALLOWED_TABLE_FUNCTIONS.has(name)) denied.add(name.toLowerCase());
  return async (parser, sql, database) => {
    const hex = Buffer.from(sql).toString('hex');
    const formatted = await parser.queryAsync(`SELECT formatQuerySingleLine(unhex('${hex}'))`, { format: 'TSVRaw' });
    const canonical = formatted.text().replace(/\n$/, '');
    checkReadOnly(canonical, denied, database);
    return canonical;
  };
}

/** Table functions that read nothing outside the database. A new one of the engine is denied until it is listed. */
const ALLOWED_TABLE_FUNCTIONS = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'primes',
  'generateSeries',
  'generate_series',
  'generateRandom',
  'values',
  'null',
  'view',
  'format', // also an ordinary function; as a table function the engine denies it
  'mergeTreeIndex',
  'mergeTreeProjection',
  'prometheusQuery',
  'prometheusQueryRange',
  'timeSeriesData',
  'timeSeriesMetrics',
  'timeSeriesSamples',
  'timeSeriesSelector',
  'timeSeriesTags',
]);

/** Ordinary functions that read files, start programs or talk to other machines. */
const DENIED_FUNCTIONS = [
  'file',
  'catboostevaluate',
  'hascolumnintable',
  'aiclassify',
  'aiembed',
  'aiextract',
  'aigenerate',
  'aitranslate',
  'addresstoline',
  'addresstolinewithinlines',
  'addresstosymbol',
  'demangle',
];

const STATEMENTS = new Set(['SELECT', 'WITH', 'SHOW', 'DESCRIBE', 'EXPLAIN']);

function checkReadOnly(canonical: string, denied: ReadonlySet<string>, database: string | undefined): void {
  const lexer = new SqlLexer(canonical);
  let first = lexer.next();
  while (first?.text === '(') first = lexer.next();
  if (first?.kind !== 'word' || !STATEMENTS.has(first.text)) {
    throw new HttpException(
      'READONLY',
      'Cannot execute query in readonly mode: only SELECT, SHOW, DESCRIBE and EXPLAIN',
    );
  }
  let before: SqlToken | undefined;
  let previous = first;
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) {
    if (token.text === 'OUTFILE' && token.kind === 'word' && previous.text === 'INTO') {
      throw new HttpException('INTO_OUTFILE_NOT_ALLOWED', 'INTO OUTFILE is not allowed');
    }
    if (token.kind === 'symbol' && token.text === ';') {
      throw new HttpException('SYNTAX_ERROR', 'Syntax error (Multi-statements are not allowed)');
    }
    if (token.kind === 'symbol' && token.text === '(' && isName(previous) && denied.has(previous.text.toLowerCase())) {
      throw new HttpException('ACCESS_DENIED', `The function ${previous.text} reaches outside the database`);
    }
    if (isName(token) && DENIED_SYSTEM_TABLES.has(token.text)) {
      const qualified = previous.text === '.' && before?.text === 'system';
      const bare = database === 'system' && TABLE_FOLLOWS.has(previous.text);
      if (qualified || bare) {
        throw new HttpException('ACCESS_DENIED', `The table system.${token.text} reaches outside the database`);
      }
    }
    before = previous;
    previous = token;
  }
}

/** Tables whose reading starts a program, asks other machines or stops threads. */
const DENIED_SYSTEM_TABLES = new Set([
  'models',
  'stack_trace',
  'zookeeper',
  'zookeeper_connection',
  'remote_data_paths',
]);
const TABLE_FOLLOWS = new Set(['FROM', 'JOIN', 'IN', ',', 'TABLE', 'DESCRIBE']);

function isName(token: SqlToken): boolean {
  return token.kind === 'word' || token.kind === 'quoted';
}

/**
 * Whether a client may choose this setting for a read-only query: how a result is written and how a query runs, but
 * nothing that opens files, lifts a limit or leaves the read-only mode.
 */
export function isHarmlessSetting(name: string): boolean {
  return HARMLESS_SETTINGS.test(name);
}

const HARMLESS_SETTINGS = new RegExp(
  `^(${[
    // Not output_format_schema: the engine writes a file of that name.
    'output_format_(?!schema)\\w+',
    'format_(csv|tsv|json|regexp|binary)\\w*',
    'date_time_(input|output)_format',
    'bool_(true|false)_representation',
    'session_timezone',
    'join_use_nulls|join_algorithm|joined_subquery_requires_alias|any_join_distinct_right_table_keys',
    'max_threads|max_block_size|max_execution_time|max_result_rows|max_rows_to_read|max_bytes_to_read|max_query_size',
    'result_overflow_mode|read_overflow_mode|timeout_overflow_mode|max_ast_elements|max_expanded_ast_elements',
    'limit|offset|extremes|final|totals_mode|group_by_use_nulls|union_default_mode|transform_null_in',
    'optimize_\\w+|use_query_cache|use_uncompressed_cache|query_cache_ttl|prefer_column_name_to_alias',
    'aggregate_functions_null_for_empty|cast_\\w+|data_type_default_nullable|prefer_global_in_and_join',
    'async_insert|wait_for_async_insert|insert_deduplicate|short_circuit_function_evaluation',
    'enable_analyzer|allow_experimental_analyzer|regexp_max_matches_per_row|function_range_max_elements_in_block',
  ].join('|')})$`,
);
