import { ApiError } from './api-error.ts';

/** A form of an answer beside the plain one: `Table` in `meta.k8s.io/v1`, `APIGroupDiscoveryList` in `apidiscovery.k8s.io/v2`. */
export interface AnswerForm {
  readonly as: string;
  readonly group: string;
  readonly version: string;
}

interface Range {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

const MAX_RANGES = 64;

/**
 * The first form that an Accept header names, by quality and then by order, and that is among those that there are; undefined
 * for plain JSON. Throws an ApiError of 406 when it takes nothing of all that. Protobuf is never given: whoever asks for it
 * takes `*\/*` too.
 */
export function chooseForm(accept: string | undefined, forms: readonly AnswerForm[] = []): AnswerForm | undefined {
  if (accept === undefined || accept.trim() === '') return undefined;
  const ranges = accept.split(',', MAX_RANGES).map(readRange);
  for (const { type, parameters, quality } of ranges.sort((a, b) => b.quality - a.quality)) {
    if (quality === 0 || !(type === 'application/json' || type === 'application/*' || type === '*/*')) continue;
    const as = parameters.get('as');
    if (as === undefined) return undefined;
    const form = forms.find(
      (form) => form.as === as && form.group === parameters.get('g') && form.version === parameters.get('v'),
    );
    if (form !== undefined) return form;
  }
  throw new ApiError(406, 'only the following media types are accepted: application/json');
}

/** The media type of an answer in that form. */
export function mediaType(form: AnswerForm | undefined): string {
  if (form === undefined || form.as === 'Table') return 'application/json';
  return `application/json;g=${form.group};v=${form.version};as=${form.as}`;
}

function readRange(text: string): Range {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const at = parameter.indexOf('=');
    if (at > 0) parameters.set(parameter.slice(0, at).trim().toLowerCase(), parameter.slice(at + 1).trim());
  }
  const quality = Number(parameters.get('q') ?? 1);
  return { type: type.toLowerCase(), parameters, quality: quality >= 0 && quality <= 1 ? quality : 1 };
}
