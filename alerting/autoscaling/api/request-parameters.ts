import type { LabelSelector } from '../label-selector.ts';
import { parseLabelSelector } from '../parse-label-selector.ts';
import { ApiError, badRequest } from './api-error.ts';

/** The label selector of a parameter; everything when it is not there. Throws a 400 when it is none, or there twice. */
export function selectorParameter(query: URLSearchParams, name: string): LabelSelector {
  return parseLabelSelector(single(query, name));
}

/** A parameter that may be there once; '' when it is not. */
export function single(query: URLSearchParams, name: string): string {
  const values = query.getAll(name);
  if (values.length > 1) throw badRequest(`the parameter ${name} must be given once, got it ${values.length} times`);
  return values[0] ?? '';
}

/** Throws a 405 for a request that wants to be told of changes. */
export function refuseWatch(query: URLSearchParams): void {
  if (!/^(1|t|true)$/i.test(query.get('watch') ?? '')) return;
  throw new ApiError(405, 'metrics cannot be watched, only got', { details: {} });
}

/** What a fieldSelector selects by. */
export type FieldPredicate = (object: { readonly namespace?: string; readonly name: string }) => boolean;

const FIELD = /^([^=!]+?)\s*(==|=|!=)\s*([^=!]*)$/;

/** A fieldSelector by `metadata.name` and `metadata.namespace`, which are all that metrics have. Throws a 400. */
export function fieldParameter(query: URLSearchParams): FieldPredicate {
  const text = single(query, 'fieldSelector');
  const tests: FieldPredicate[] = [];
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const [, field, operator, value] = FIELD.exec(part.trim()) ?? [];
    if (field === undefined) throw badRequest(`invalid selector: '${shown(text)}'; can't understand '${shown(part)}'`);
    if (field !== 'metadata.name' && field !== 'metadata.namespace') {
      throw badRequest(`"${shown(field)}" is not a known field selector: only "metadata.name", "metadata.namespace"`);
    }
    const wanted = operator !== '!=';
    tests.push(({ namespace = '', name }) => ((field === 'metadata.name' ? name : namespace) === value) === wanted);
  }
  return (object) => tests.every((test) => test(object));
}

function shown(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}
