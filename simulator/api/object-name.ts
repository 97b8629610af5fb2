import { randomInt } from 'node:crypto';
import { invalid } from './api-error.ts';
import type { ApiResource } from './resources.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const PATH_SEGMENT = /^[^/%]+$/;
/** Vowels and what looks like another character are left out, as the real server does. */
const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789';

/** The name that `generateName` stands for. */
export function generatedName(prefix: string): string {
  return prefix.slice(0, 58) + Array.from({ length: 5 }, () => SUFFIX[randomInt(SUFFIX.length)]).join('');
}

/** An ApiError of 422 when the name is none that the resource can have. */
export function checkName(resource: ApiResource, name: string): void {
  const field = 'metadata.name';
  if (name === '') {
    throw invalid(resource, '', {
      field,
      message: 'Required value: name or generateName is required',
      reason: 'FieldValueRequired',
    });
  }
  const { group, plural } = resource;
  const rule =
    group === 'rbac.authorization.k8s.io'
      ? PATH_SEGMENT
      : plural === 'namespaces' || plural === 'services'
        ? LABEL
        : SUBDOMAIN;
  if (rule.test(name) && name.length <= (rule === LABEL ? 63 : 253)) return;
  const wanted =
    rule === LABEL
      ? "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
      : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  throw invalid(resource, name, { field, message: `Invalid value: "${name}": ${wanted}` });
}
