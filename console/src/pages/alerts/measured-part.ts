/**
 * What an expression measures, without the comparison at its end: `rate(a[5m]) > 0.9` gives `rate(a[5m])`, so that a chart shows
 * how far from the threshold it was. An expression that does not end in a comparison with a number stays as it is.
 */
export function measuredPart(expression: string): { readonly query: string; readonly threshold: number | undefined } {
  const found = /^([\s\S]*?\S)\s*(?:==|!=|>=|<=|>|<)\s*(-?[\d.]+(?:e[+-]?\d+)?)\s*$/i.exec(expression);
  const [, query, threshold] = found ?? [];
  if (
    query === undefined ||
    !isClosed(query) ||
    /\s(?:and|or|unless)\s/i.test(query) ||
    /[<>=!]\s*(?:bool)?\s*$/.test(query)
  )
    return { query: expression, threshold: undefined };
  return { query, threshold: Number(threshold) };
}

/** Whether every parenthesis is closed, and none of a larger whole ends in it. */
function isClosed(text: string): boolean {
  let depth = 0;
  for (const character of text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '')) {
    if ('([{'.includes(character)) depth++;
    if (')]}'.includes(character)) depth--;
    if (depth < 0) return false;
  }
  return depth === 0;
}
