import { operatorOf } from '../silences/silence-document.ts';
import type { WantedMatcher, WantedSilence } from '../silences/wanted-silence.ts';
import { brokenRule } from './alertmanager-error.ts';
import type { ApiRequest } from './endpoint.ts';
import { PostedFields, postedJson } from './posted-body.ts';

/** The silence that a request to POST /silences asks for. Throws an AlertmanagerError for what the specification does not allow. */
export function postedSilence(request: ApiRequest): WantedSilence {
  const fields = new PostedFields(postedJson(request, 'silence') ?? {}, 'silence');
  const matchers = fields.list('matchers')?.map((item, i) => postedMatcher(item, `matchers.${i}.`));
  const silence = {
    id: fields.string('id') ?? '',
    startsAt: fields.time('startsAt') ?? 0,
    endsAt: fields.time('endsAt') ?? 0,
    createdBy: fields.string('createdBy') ?? '',
    comment: fields.string('comment') ?? '',
    annotations: fields.strings('annotations'),
  };
  fields.require('comment', 'createdBy', 'endsAt', 'matchers', 'startsAt');
  if (matchers!.length === 0) throw brokenRule(612, 'matchers in body should have at least 1 items');
  return { ...silence, matchers: matchers! };
}

function postedMatcher(item: unknown, place: string): WantedMatcher {
  const fields = new PostedFields(item, 'silence', place);
  const matcher = {
    name: fields.string('name') ?? '',
    value: fields.string('value') ?? '',
    op: operatorOf({ isEqual: fields.boolean('isEqual') ?? true, isRegex: fields.boolean('isRegex') ?? false }),
  };
  fields.require('isRegex', 'name', 'value');
  return matcher;
}
