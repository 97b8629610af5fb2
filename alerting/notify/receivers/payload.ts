import { isMap, isScalar, isSeq, parse } from 'yaml';
import type { Place } from '../../yaml-reader.ts';
import type { Rendering } from './rendering.ts';
import type { SectionContext } from './section.ts';

/** A body as the user has laid it out: what is text there, keys too, is a template. */
export type Payload = string | number | boolean | null | readonly Payload[] | { readonly [key: string]: Payload };

const MAX_DEPTH = 32;

/** Reports what is no template, and what is nested too deep. */
export function readPayload(context: SectionContext, place: Place, depth = 0): Payload {
  const { yaml, checkTemplate } = context;
  const { node } = place;
  if (node === null) return null;
  if (depth > MAX_DEPTH) {
    yaml.report(place, `expected at most ${MAX_DEPTH} levels`);
    return null;
  }
  if (isSeq(node)) return yaml.list(place).map((item) => readPayload(context, item, depth + 1));
  if (isMap(node)) {
    const entries = [...yaml.map(place)].map(([key, value]) => [key, readPayload(context, value, depth + 1)]);
    return Object.fromEntries(entries) as Payload;
  }
  if (isScalar(node) && typeof node.value !== 'string') {
    return typeof node.value === 'number' || typeof node.value === 'boolean' ? node.value : String(node.source ?? '');
  }
  const text = yaml.text(place) ?? '';
  try {
    checkTemplate(text);
  } catch (error) {
    yaml.report(place, `invalid template: ${(error as Error).message}`);
  }
  return text;
}

/**
 * With the templates expanded. Text that is written as a number, a list or a mapping becomes one, as in Alertmanager: `{{ len .Alerts }}`
 * is a number, and a template can give a whole list.
 */
export function expandPayload(payload: Payload, render: Rendering, field = 'payload'): unknown {
  if (typeof payload === 'string') return typed(render.text(field, payload));
  if (typeof payload !== 'object' || payload === null) return payload;
  if (Array.isArray(payload)) return payload.map((item: Payload, i) => expandPayload(item, render, `${field}[${i}]`));
  return Object.fromEntries(
    Object.entries(payload).map(([key, value]) => [
      render.text(`${field}.${key}`, key),
      expandPayload(value as Payload, render, `${field}.${key}`),
    ]),
  );
}

function typed(text: string): unknown {
  try {
    const value: unknown = parse(text, { maxAliasCount: 0, logLevel: 'silent' });
    return value === null || typeof value === 'string' ? text : value;
  } catch {
    return text;
  }
}
