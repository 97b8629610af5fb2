const KEY = `(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?`;
const VALUE = `(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?`;
const BLANK = String.raw`[ \t\r\n]*`;
const EXISTS = new RegExp(`^(!?)${BLANK}(${KEY})$`);
const EQUALS = new RegExp(`^(${KEY})${BLANK}(==|=|!=)${BLANK}(${VALUE})$`);
const SET = new RegExp(`^(${KEY})[ \\t\\r\\n]+(in|notin)${BLANK}\\(([^()]*)\\)$`);

export type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

/**
 * What a label selector selects, by the plainest means; undefined for what is none. Of prefixes only that they are of the right
 * characters is looked at.
 */
export function naiveSelector(text: string): LabelTest | undefined {
  const trimmed = trim(text);
  if (trimmed === '') return () => true;
  const tests: LabelTest[] = [];
  for (const part of trimmed.split(/,(?![^(]*\))/)) {
    const test = requirement(trim(part));
    if (test === undefined) return undefined;
    tests.push(test);
  }
  return (labels) => tests.every((test) => test(labels));
}

function requirement(text: string): LabelTest | undefined {
  const exists = EXISTS.exec(text);
  if (exists !== null) return (labels) => has(labels, exists[2]!) === (exists[1] === '');
  const equals = EQUALS.exec(text);
  if (equals !== null) {
    const [, key, operator, value] = equals;
    return (labels) => (has(labels, key!) && labels[key!] === value) === (operator !== '!=');
  }
  const set = SET.exec(text);
  if (set === null) return undefined;
  const [, key, operator, list] = set;
  const values = list!.split(',').map(trim);
  if (!values.every((value) => new RegExp(`^${VALUE}$`).test(value))) return undefined;
  return (labels) => (has(labels, key!) && values.includes(labels[key!]!)) === (operator === 'in');
}

function has(labels: Readonly<Record<string, string>>, key: string): boolean {
  return Object.hasOwn(labels, key);
}

/** Only of what Kubernetes takes for white space. */
function trim(text: string): string {
  return text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
}
