import { scalar } from './shape.ts';

const NAME = /^(?:[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)$/;
const PREFIX = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;

/** One requirement: `app`, `!app`, `app=web`, `app!=web`, `app in (a, b)`, `app notin (a)`, `size>3`. */
const REQUIREMENT =
  /^(?:(?<not>!)\s*(?<absent>[^\s=!<>(),]+)|(?<key>[^\s=!<>(),]+)(?:\s+(?<set>in|notin)\s*\((?<values>[^()]*)\)|\s*(?<operator>==?|!=|[<>])\s*(?<value>[^\s=!<>()]*))?)$/;

/** A selector of Kubernetes by labels, such as `app=web,tier in (a, b),!debug`; '' is all. */
export const labelSelector = scalar('a label selector', '', {
  parse(given) {
    const wrong = wrongLabelSelector(given);
    if (wrong === undefined) return given;
    throw new Error(`expected a label selector such as app=web,tier!=db, got ${JSON.stringify(given)}: ${wrong}`);
  },
});

/** A selector of Kubernetes by fields, such as `spec.nodeName=a,status.phase!=Failed`; '' is all. */
export const fieldSelector = scalar('a field selector', '', {
  parse(given) {
    // A comma or an equals sign after a backslash belongs to the value.
    const terms = given.match(/(?:\\.|[^,\\])+/g) ?? [];
    const wrong = terms.find((term) => !/^(?:\\.|[^=!\\])*(?:!=|==?)/.test(term));
    if (wrong === undefined) return given;
    throw new Error(
      `expected a field selector such as spec.nodeName=a, got ${JSON.stringify(given)}: ${JSON.stringify(wrong)} has no =, == or !=`,
    );
  },
});

function wrongLabelSelector(selector: string): string | undefined {
  if (selector.trim() === '') return undefined;
  for (const requirement of splitOutsideParentheses(selector)) {
    const groups = REQUIREMENT.exec(requirement.trim())?.groups;
    if (groups === undefined) return `${JSON.stringify(requirement.trim())} is no requirement`;
    const { absent, key = absent!, values, operator, value = '' } = groups;
    if (!isKey(key)) return `${JSON.stringify(key)} is no label key`;
    if ((operator === '<' || operator === '>') && !/^\d+$/.test(value)) {
      return `${JSON.stringify(value)} is no whole number`;
    }
    const wrong = (values === undefined ? [value] : values.split(',')).find((one) => !isValue(one.trim()));
    if (wrong !== undefined) return `${JSON.stringify(wrong.trim())} is no label value`;
  }
  return undefined;
}

function splitOutsideParentheses(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/);
}

function isKey(key: string): boolean {
  const slash = key.lastIndexOf('/');
  const name = key.slice(slash + 1);
  if (slash >= 0 && (slash > 253 || !PREFIX.test(key.slice(0, slash)))) return false;
  return name.length <= 63 && NAME.test(name);
}

function isValue(value: string): boolean {
  return value === '' || (value.length <= 63 && NAME.test(value));
}
