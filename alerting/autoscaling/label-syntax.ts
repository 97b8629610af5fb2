/** What keys and values of labels may be made of in Kubernetes, and what it says when they are not. */

const NAME_RULE = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const SUBDOMAIN_RULE = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const NAME = new RegExp(`^${NAME_RULE}$`);
const SUBDOMAIN = new RegExp(`^${SUBDOMAIN_RULE}$`);
const MAX_NAME = 63;
const MAX_SUBDOMAIN = 253;
const NAME_HELP =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${NAME_RULE}')`;
const VALUE_HELP =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with " +
  `an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${NAME_RULE})?')`;
const SUBDOMAIN_HELP =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with " +
  `an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN_RULE}')`;

/** Which rules a label's key breaks, as Kubernetes words them; [] for a good one. */
export function labelKeyProblems(key: string): readonly string[] {
  const parts = key.split('/');
  if (parts.length > 2) {
    return [`a qualified name ${NAME_HELP} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0]!;
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...subdomainProblems(prefix).map((problem) => `prefix part ${problem}`));
  }
  const name = parts.at(-1)!;
  if (name === '') problems.push('name part must be non-empty');
  else if (name.length > MAX_NAME) problems.push(`name part must be no more than ${MAX_NAME} characters`);
  if (!NAME.test(name)) problems.push(`name part ${NAME_HELP}`);
  return problems;
}

/** The same for a label's value. */
export function labelValueProblems(value: string): readonly string[] {
  const problems: string[] = [];
  if (value.length > MAX_NAME) problems.push(`must be no more than ${MAX_NAME} characters`);
  if (value !== '' && !NAME.test(value)) problems.push(VALUE_HELP);
  return problems;
}

/** The same for the names of most objects. */
export function subdomainProblems(name: string): readonly string[] {
  const problems: string[] = [];
  if (name.length > MAX_SUBDOMAIN) problems.push(`must be no more than ${MAX_SUBDOMAIN} characters`);
  if (!SUBDOMAIN.test(name)) problems.push(SUBDOMAIN_HELP);
  return problems;
}
