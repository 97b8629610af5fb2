import { type Token, tokenize } from './lexer.ts';

/** What stands at a place of a template, as Go shows it in errors, and where Go says that it begins. */
export interface Excerpt {
  readonly text: string;
  readonly offset: number;
}

/** The command that begins at the offset: up to a pipe, a closing parenthesis or the end of the action. */
export function commandAt(source: string, offset: number): Excerpt {
  const { tokens, at } = find(source, offset);
  let end = at;
  let depth = 0;
  for (; end < tokens.length; end++) {
    const { kind } = tokens[end]!;
    if (kind === 'left-paren') depth++;
    if (kind === 'right-paren' && --depth < 0) break;
    if (depth === 0 && (kind === 'pipe' || kind === 'close' || kind === 'end')) break;
  }
  return { text: slice(source, tokens, at, end), offset };
}

/** The operand that begins at the offset, with the fields behind it; of several names Go begins to count at the second. */
export function operandAt(source: string, offset: number): Excerpt {
  const { tokens, at } = find(source, offset);
  let end = at + 1;
  if (tokens[at]?.kind === 'left-paren') {
    for (let depth = 1; depth > 0 && end < tokens.length; end++) {
      if (tokens[end]!.kind === 'left-paren') depth++;
      if (tokens[end]!.kind === 'right-paren') depth--;
    }
  }
  const fields = end;
  while (tokens[end]?.kind === 'field' && !tokens[end]!.spaced) end++;
  const named = end > fields && (tokens[at]!.kind === 'field' || tokens[at]!.kind === 'variable');
  return { text: slice(source, tokens, at, end), offset: named ? tokens[fields]!.offset : offset };
}

/** The call of a template whose action begins at the offset. */
export function templateAt(source: string, offset: number): Excerpt {
  const { tokens, at } = find(source, offset);
  const end = tokens.findIndex((token, i) => i > at && token.kind === 'close');
  const name = tokens.find((token, i) => i > at && token.kind === 'string');
  return { text: `{{${slice(source, tokens, at + 1, end)}}}`, offset: name?.offset ?? offset };
}

function find(source: string, offset: number): { tokens: readonly Token[]; at: number } {
  const tokens = tokenize(source);
  return {
    tokens,
    at: Math.max(
      0,
      tokens.findIndex((token) => token.offset >= offset),
    ),
  };
}

function slice(source: string, tokens: readonly Token[], from: number, to: number): string {
  const [first, next] = [tokens[from], tokens[to]];
  return first === undefined ? '' : source.slice(first.offset, next?.offset ?? source.length).trim();
}
