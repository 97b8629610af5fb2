import { badRequest } from './api-error.ts';
import type { AnswerForm } from './media-type.ts';
import { type ApiAnswer, JSON_TYPE } from './route.ts';

/** The forms in which lists are given to people; kubectl prints them as they are. */
export const TABLE_FORMS: readonly AnswerForm[] = ['v1', 'v1beta1'].map((version) => ({
  as: 'Table',
  group: 'meta.k8s.io',
  version,
}));

export interface Column {
  readonly name: string;
  /** Default ''. */
  readonly format?: string;
  /** Default ''. */
  readonly description?: string;
}

/** An object in a list, and its cells in a table. Both are made when they are needed. */
export interface ListRow {
  readonly object: () => object;
  readonly cells: () => readonly string[];
  /** What there is of the object where a table has only that; undefined when it has no metadata. */
  readonly metadata: () => object | undefined;
}

/** A list of objects, in the order in which they are given. */
export interface ObjectList {
  readonly kind: string;
  readonly apiVersion: string;
  readonly columns: readonly Column[];
  readonly rows: Iterable<ListRow>;
}

/** Characters of a piece of an answer, about. */
const PIECE = 32 * 1024;

/** The list as it is, or as a table; in pieces when it is long. */
export function listAnswer(list: ObjectList, form: AnswerForm | undefined, query: URLSearchParams): ApiAnswer {
  const pieces = form === undefined ? listPieces(list) : tablePieces(list, form, includeOf(query));
  return { status: 200, type: JSON_TYPE, body: wholeWhenShort(pieces) };
}

/** One piece is sent as it is, with its length: a stream costs more than what most autoscalers ask for, and takes a write more. */
function wholeWhenShort(pieces: Generator<string>): string | Iterable<string> {
  const first = pieces.next();
  const second = pieces.next();
  if (first.done !== true && second.done === true) return first.value;
  return (function* () {
    if (first.done !== true) yield first.value;
    if (second.done !== true) yield second.value;
    yield* pieces;
  })();
}

/** One object as it is, or as a table of one row. */
export function objectAnswer(list: ObjectList, form: AnswerForm | undefined, query: URLSearchParams): ApiAnswer {
  if (form !== undefined) return listAnswer(list, form, query);
  const [row] = list.rows;
  return { status: 200, type: JSON_TYPE, body: `${JSON.stringify(row!.object())}\n` };
}

function listPieces({ kind, apiVersion, rows }: ObjectList): Generator<string> {
  const begin = JSON.stringify({ kind, apiVersion, metadata: {} }).slice(0, -1);
  return pieces(`${begin},"items":[`, rows, ({ object }) => object());
}

function tablePieces({ columns, rows }: ObjectList, form: AnswerForm, include: Include): Generator<string> {
  const apiVersion = `${form.group}/${form.version}`;
  const columnDefinitions = columns.map(({ name, format = '', description = '' }) => {
    return { name, type: 'string', format, description, priority: 0 };
  });
  const begin = JSON.stringify({ kind: 'Table', apiVersion, metadata: {}, columnDefinitions }).slice(0, -1);
  return pieces(`${begin},"rows":[`, rows, ({ cells, object, metadata }) => {
    const shown =
      include === 'None'
        ? null
        : include === 'Object'
          ? object()
          : { kind: 'PartialObjectMetadata', apiVersion, metadata: metadata() ?? {} };
    return { cells: cells(), object: shown };
  });
}

function* pieces(begin: string, rows: Iterable<ListRow>, json: (row: ListRow) => object): Generator<string> {
  let piece = begin;
  let comma = '';
  for (const row of rows) {
    piece += comma + JSON.stringify(json(row));
    comma = ',';
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}]}\n`;
}

type Include = 'None' | 'Metadata' | 'Object';

function includeOf(query: URLSearchParams): Include {
  const text = query.get('includeObject') ?? '';
  if (text === '') return 'Metadata';
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text;
  throw badRequest(`includeObject must be None, Metadata or Object, got ${JSON.stringify(text.slice(0, 100))}`);
}
