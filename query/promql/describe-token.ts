import { AGGREGATES } from './aggregates.ts';
import { goQuote } from './go-quote.ts';
import type { Token } from './lexer.ts';

/** Words that are tokens of their own to Prometheus, and shown as such. */
const KEYWORDS: ReadonlySet<string> = new Set([
  ...['offset', 'smoothed', 'anchored', 'by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'bool'],
  ...['fill', 'fill_left', 'fill_right'],
]);
const WORD_OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'atan2']);

/** A token as Prometheus' messages name it. */
export function describeToken(token: Token): string {
  switch (token.kind) {
    case 'number':
    case 'duration':
    case 'string':
      return `${token.kind} ${shown(token.text)}`;
    case 'word':
      return describeWord(token.text);
    case 'op':
      return /^(?:[-+*/%^<>@]|==|=~|!)/.test(token.text) ? `<op:${token.text}>` : shown(token.text);
    case 'end':
      return 'end of input';
    case 'error':
      return token.message;
    default:
      return token satisfies never;
  }
}

function describeWord(text: string): string {
  const word = text.toLowerCase();
  if (AGGREGATES.has(word)) return `<aggr:${text}>`;
  if (KEYWORDS.has(word)) return `<${text}>`;
  if (WORD_OPERATORS.has(word)) return `<op:${text}>`;
  if (word === 'start' || word === 'end') return goQuote(text);
  return `${text.includes(':') ? 'metric identifier' : 'identifier'} ${goQuote(text)}`;
}

/** In quotes, cut after ten characters. */
function shown(text: string): string {
  const characters = [...text];
  return characters.length > 10 ? `${goQuote(characters.slice(0, 10).join(''))}...` : goQuote(text);
}
