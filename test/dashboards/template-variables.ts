/**
 * What Grafana puts in the place of a dashboard's variables before it asks a Prometheus data source, for a dashboard that is
 * opened without any chosen: each variable has its current value if one is saved and still among its options, else "All" if it
 * has that, else its first option.
 */

/** A variable as a dashboard's JSON has it in `templating.list`; fields that are not looked at are left out. */
export interface TemplateVariable {
  readonly name: string;
  readonly type: string;
  readonly query?: string | { readonly query?: string };
  readonly regex?: string;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string | null;
  /** The order of its options; 0 is that of the server. */
  readonly sort?: number;
  readonly current?: { readonly value?: string | readonly string[] } | null;
}

/** What a variable stands for. */
export interface VariableValue {
  /** What is chosen: all options where that is All. Empty when there are none. */
  readonly values: readonly string[];
  /** Several can be chosen, so that it stands in a regular expression; else it stands as it is. */
  readonly isPattern: boolean;
  /** What stands for All where the variable says it: as it is, in every format. */
  readonly all?: string;
}

/** What variables stand for, by their names. */
export type VariableValues = ReadonlyMap<string, VariableValue>;

/** Asks a server for the values of a label, those of series that match the selector if one is given. Sorted. */
export type LabelValues = (label: string, selector: string | undefined) => Promise<readonly string[]>;

const VARIABLE = /\$(\w+)|\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)\]\]/g;
/** What is escaped of a value in a regular expression. */
const SPECIAL = /[\\^$*+?.()|{}[\]]/g;
const LABEL_VALUES = /^label_values\(\s*(?:(.+?)\s*,\s*)?([a-zA-Z_]\w*)\s*\)$/s;

/** How several values become one text, by the name of the format in `${name:format}`. */
const FORMATS: Readonly<Record<string, (values: readonly string[]) => string>> = {
  csv: (values) => values.join(','),
  pipe: (values) => values.join('|'),
  raw: (values) => values.join(','),
  regex: (values) => alternatives(values.map((value) => value.replace(SPECIAL, '\\$&'))),
};

/**
 * What all variables of a dashboard stand for, asked in their order, since later ones name earlier ones, beside what is given: those
 * built in. Throws at a kind of query or variable that it does not know.
 */
export async function resolveVariables(
  variables: readonly TemplateVariable[],
  { labelValues, builtIn }: { readonly labelValues: LabelValues; readonly builtIn: VariableValues },
): Promise<VariableValues> {
  const resolved = new Map(builtIn);
  for (const variable of variables) resolved.set(variable.name, await resolveVariable(variable, resolved, labelValues));
  return resolved;
}

/**
 * What they stand for in each panel that is made of one by `repeat`: with one value of that variable at a time. One, unchanged,
 * for a panel that is not repeated.
 */
export function repeatedFor(repeat: string | undefined, resolved: VariableValues): readonly VariableValues[] {
  const variable = repeat === undefined ? undefined : resolved.get(repeat);
  if (variable === undefined) return [resolved];
  const { values, isPattern } = variable;
  return values.map((value) => new Map([...resolved, [repeat!, { values: [value], isPattern }]]));
}

/**
 * The text with every variable replaced, in the format it asks for; those that are not defined stay, as they do in Grafana. Throws
 * at a format that it does not know.
 */
export function interpolate(text: string, resolved: VariableValues): string {
  return text.replace(VARIABLE, (whole, plain?: string, braced?: string, format?: string, bracketed?: string) => {
    const variable = resolved.get(plain ?? braced ?? bracketed ?? '');
    return variable === undefined ? whole : textOf(variable, format);
  });
}

function textOf({ values, isPattern, all }: VariableValue, format: string | undefined): string {
  if (all !== undefined) return all;
  if (format !== undefined) {
    const formatted = FORMATS[format];
    if (formatted === undefined) throw new Error(`the format ${format} of variables is not known`);
    return formatted(values);
  }
  // A value stands inside a quoted string.
  if (!isPattern) return (values[0] ?? '').replace(/[\\"]/g, '\\$&');
  return alternatives(values.map((value) => value.replace(SPECIAL, '\\\\$&')));
}

/** A regular expression for any of these. */
function alternatives(values: readonly string[]): string {
  return values.length > 1 ? `(${values.join('|')})` : (values[0] ?? '');
}

/** The names of all variables that the text uses, those that Grafana has built in left out. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(VARIABLE)]
    .map(([, plain, braced, , bracketed]) => (plain ?? braced ?? bracketed)!)
    .filter((name) => !name.startsWith('__'));
}

async function resolveVariable(
  variable: TemplateVariable,
  resolved: VariableValues,
  labelValues: LabelValues,
): Promise<VariableValue> {
  const saved = [variable.current?.value ?? []].flat();
  switch (variable.type) {
    case 'datasource':
      return { values: ['pharos'], isPattern: false };
    case 'textbox':
    case 'constant':
    case 'interval':
      return { values: [saved[0] ?? queryOf(variable)], isPattern: false };
    case 'custom':
      return chosen(variable, { options: queryOf(variable).split(/\s*,\s*/), saved });
    case 'query':
      return chosen(variable, { options: await optionsOf(variable, resolved, labelValues), saved });
    default:
      throw new Error(`${variable.name}: variables of type ${variable.type} are not known`);
  }
}

function queryOf({ query }: TemplateVariable): string {
  return (typeof query === 'string' ? query : query?.query) ?? '';
}

/** The selector that a variable takes its options from, resolved; undefined when it has none. */
export function selectorOf(variable: TemplateVariable, resolved: VariableValues): string | undefined {
  return LABEL_VALUES.exec(interpolate(queryOf(variable), resolved))?.[1];
}

async function optionsOf(variable: TemplateVariable, resolved: VariableValues, labelValues: LabelValues) {
  const query = interpolate(queryOf(variable), resolved);
  const match = LABEL_VALUES.exec(query);
  if (match === null) throw new Error(`${variable.name}: expected label_values(…), got ${query}`);
  const [, selector, label] = match;
  const options = sorted(picked(await labelValues(label!, selector), variable.regex), variable.sort);
  return [...new Set(options)];
}

/** What a variable's regular expression leaves of its options: of a group named `value`, else of the first group, else of all. */
function picked(options: readonly string[], regex: string | undefined): readonly string[] {
  if (!regex) return options;
  const pattern = new RegExp(regex.replace(/^\/(.*)\/\w*$/s, '$1'));
  return options.flatMap((option) => {
    const found = pattern.exec(option);
    return found === null ? [] : [found.groups?.value ?? found[1] ?? found[0]];
  });
}

/** In the order that a variable asks for: 1 and 2 by the alphabet, 3 and 4 by the number in it, 5 and 6 without case, 7 and 8 both. */
function sorted(options: readonly string[], sort = 0): readonly string[] {
  const number = (option: string): number => Number(/\d+/.exec(option)?.[0] ?? -1);
  const orders: ((a: string, b: string) => number)[] = [
    (a, b) => (a < b ? -1 : a > b ? 1 : 0),
    (a, b) => number(a) - number(b),
    (a, b) => a.toLowerCase().localeCompare(b.toLowerCase()),
    (a, b) => a.localeCompare(b, undefined, { numeric: true, sensitivity: 'base' }),
  ];
  if (sort === 0) return options;
  const found = options.toSorted(orders[Math.ceil(sort / 2) - 1]);
  return sort % 2 === 0 ? found.reverse() : found;
}

function chosen(
  { multi = false, includeAll = false, allValue }: TemplateVariable,
  { options, saved }: { readonly options: readonly string[]; readonly saved: readonly string[] },
): VariableValue {
  const isPattern = multi || includeAll;
  const kept = saved.filter((value) => options.includes(value));
  if (includeAll && kept.length === 0) return { values: options, isPattern, ...(allValue && { all: allValue }) };
  return { values: kept.length > 0 ? kept : options.slice(0, 1), isPattern };
}
