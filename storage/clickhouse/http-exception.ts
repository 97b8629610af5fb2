/**
 * An error as ClickHouse's clients know them: a number, a name and a text. Thrown for what this server refuses itself;
 * the engine's own errors are read from their text.
 */
export class HttpException extends Error {
  override readonly name = 'HttpException';
  readonly code: number;
  /** ClickHouse's name of the code: `UNKNOWN_TABLE`. */
  readonly codeName: string;

  constructor(codeName: keyof typeof CODES, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = CODES[codeName];
    this.codeName = codeName;
  }
}

/** The codes of the errors that this server raises itself. */
const CODES = {
  BAD_ARGUMENTS: 36,
  NOT_IMPLEMENTED: 48,
  SYNTAX_ERROR: 62,
  TIMEOUT_EXCEEDED: 159,
  READONLY: 164,
  REQUIRED_PASSWORD: 194,
  TOO_MANY_SIMULTANEOUS_QUERIES: 202,
  SOCKET_TIMEOUT: 209,
  QUERY_IS_TOO_LARGE: 229,
  INTO_OUTFILE_NOT_ALLOWED: 358,
  QUERY_WAS_CANCELLED: 394,
  ACCESS_DENIED: 497,
  AUTHENTICATION_FAILED: 516,
  UNKNOWN_EXCEPTION: 1002,
};

/** An exception on its way to a client. */
export interface RenderedException {
  readonly status: number;
  readonly code: number;
  /** `Code: 60. DB::Exception: … (UNKNOWN_TABLE) (version 26.7.2.1)`, with a line end. */
  readonly text: string;
  /** False when the text hides a defect of ours, which belongs in the log. */
  readonly expected: boolean;
}

/** What a client is told of an error. `version` is the engine's. */
export function renderException(error: unknown, version: string): RenderedException {
  if (error instanceof HttpException) {
    const text = `Code: ${error.code}. DB::Exception: ${error.message}. (${error.codeName}) (version ${version})\n`;
    return { status: statusOf(error.codeName), code: error.code, text, expected: true };
  }
  const message = error instanceof Error ? error.message : String(error);
  const match = /^Code: (\d+)\. /.exec(message);
  if (match === null) {
    const unknown = new HttpException('UNKNOWN_EXCEPTION', 'The query failed, see the log of the server');
    return { ...renderException(unknown, version), expected: false };
  }
  const codeName = /\(([A-Z][A-Z0-9_]+)\)\s*$/.exec(message)?.[1] ?? '';
  return {
    status: statusOf(codeName),
    code: Number(match[1]),
    text: `${message.trimEnd()} (version ${version})\n`,
    expected: true,
  };
}

/** ClickHouse's table of codes and HTTP statuses; everything else is 500. */
const STATUSES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    400: `BAD_ARGUMENTS CANNOT_COMPILE_REGEXP CANNOT_PARSE_TEXT CANNOT_PARSE_ESCAPE_SEQUENCE CANNOT_PARSE_QUOTED_STRING
      CANNOT_PARSE_DATE CANNOT_PARSE_DATETIME CANNOT_PARSE_NUMBER CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING CANNOT_PARSE_IPV4
      CANNOT_PARSE_IPV6 CANNOT_PARSE_INPUT_ASSERTION_FAILED CANNOT_PARSE_UUID DUPLICATE_COLUMN ILLEGAL_COLUMN
      UNKNOWN_ELEMENT_IN_AST UNKNOWN_TYPE_OF_AST_NODE THERE_IS_NO_COLUMN TOO_DEEP_AST TOO_BIG_AST
      UNEXPECTED_AST_STRUCTURE SYNTAX_ERROR INCORRECT_DATA TYPE_MISMATCH VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE`,
    401: 'REQUIRED_PASSWORD',
    403: 'UNKNOWN_USER WRONG_PASSWORD AUTHENTICATION_FAILED SET_NON_GRANTED_ROLE ACCESS_DENIED',
    404: `UNKNOWN_TABLE UNKNOWN_FUNCTION UNKNOWN_IDENTIFIER UNKNOWN_TYPE UNKNOWN_STORAGE UNKNOWN_DATABASE UNKNOWN_SETTING
      UNKNOWN_DIRECTION_OF_SORTING UNKNOWN_AGGREGATE_FUNCTION UNKNOWN_FORMAT UNKNOWN_DATABASE_ENGINE
      UNKNOWN_TYPE_OF_QUERY UNKNOWN_ROLE`,
    408: 'TIMEOUT_EXCEEDED',
    411: 'HTTP_LENGTH_REQUIRED',
    413: 'QUERY_IS_TOO_LARGE',
    415: 'UNSUPPORTED_MEDIA_TYPE',
    501: 'NOT_IMPLEMENTED',
    503: 'SOCKET_TIMEOUT CANNOT_OPEN_FILE CANNOT_SCHEDULE_TASK',
  }).flatMap(([status, names]) => names.split(/\s+/).map((name) => [name, Number(status)] as const)),
);

function statusOf(codeName: string): number {
  return STATUSES.get(codeName) ?? 500;
}
