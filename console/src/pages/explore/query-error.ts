/** What the server says is wrong with a query, and where: an offset in its text, when it says so. */
export interface QueryProblem {
  readonly message: string;
  readonly at: { readonly from: number; readonly to: number } | undefined;
}

/** Finds the position (`1:15: parse error: …`) in a server's message about a query. */
export function queryProblem(message: string, query: string): QueryProblem {
  const found = /(?:^|[\s:])(\d+):(\d+): (?:parse error: )?(.*)$/s.exec(message);
  if (found === null) return { message, at: undefined };
  const [, line, column, text] = found;
  const lines = query.split('\n');
  if (Number(line) > lines.length) return { message, at: undefined };
  const before = lines.slice(0, Number(line) - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const from = Math.min(query.length, before + Number(column) - 1);
  const word = /^[\w:]+/.exec(query.slice(from))?.[0].length ?? 1;
  // What is missing at the end is marked at the last character.
  const end = Math.min(query.length, from + word);
  return { message: text!, at: { from: from === end ? Math.max(0, end - 1) : from, to: end } };
}
