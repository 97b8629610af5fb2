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
  readonly current?: { readonly value?: string | readonly string[] } | null;
}

/** The text that stands for a variable in an expression, by the variable's name. */
export type VariableTexts = ReadonlyMap<string, string>;

/** Asks a server for the values of a label, those of series that match the selector if one is given. Sorted. */
export type LabelValues = (label: string, selector: string | undefined) => Promise<readonly string[]>;

/** Of a dashboard's range of one hour on a wide screen, with a data source scraped every 15 s. */
const BUILT_IN: ReadonlyMap<string, string> = new Map([
  ['__interval', '15s'],
  ['__interval_ms', '15000'],
  ['__rate_interval', '1m'],
  ['__range', '1h'],
  ['__range_s', '3600'],
  ['__range_ms', '3600000'],
]);

const VARIABLE = /\$(\w+)|\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)\]\]/g;
const LABEL_VALUES = /^label_values\(\s*(?:(.+?)\s*,\s*)?([a-zA-Z_]\w*)\s*\)$/s;

/**
 * The texts of all variables of a dashboard, asked in their order, since later ones name earlier ones. A variable without any
 * option stands for nothing. Throws at a kind of query or variable that it does not know.
 */
export async function resolveVariables(
  variables: readonly TemplateVariable[],
  labelValues: LabelValues,
): Promise<VariableTexts> {
  const texts = new Map(BUILT_IN);
  for (const variable of variables) texts.set(variable.name, await textOf(variable, texts, labelValues));
  return texts;
}

/** The text with every variable replaced; those that are not defined stay, as they do in Grafana. */
export function interpolate(text: string, texts: VariableTexts): string {
  return text.replace(VARIABLE, (whole, plain?: string, braced?: string, _format?: string, bracketed?: string) => {
    return texts.get(plain ?? braced ?? bracketed ?? '') ?? whole;
  });
}

/** The names of all variables that the text uses, those that Grafana has built in left out. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(VARIABLE)]
    .map(([, plain, braced, , bracketed]) => (plain ?? braced ?? bracketed)!)
    .filter((name) => !name.startsWith('__'));
}

async function textOf(variable: TemplateVariable, texts: VariableTexts, labelValues: LabelValues): Promise<string> {
  const saved = [variable.current?.value ?? []].flat();
  switch (variable.type) {
    case 'datasource':
      return 'pharos';
    case 'textbox':
    case 'constant':
    case 'interval':
      return saved[0] ?? queryOf(variable);
    case 'custom':
      return chosen(variable, { options: queryOf(variable).split(/\s*,\s*/), saved });
    case 'query':
      return chosen(variable, { options: await optionsOf(variable, texts, labelValues), saved });
    default:
      throw new Error(`${variable.name}: variables of type ${variable.type} are not known`);
  }
}

function queryOf({ query }: TemplateVariable): string {
  return (typeof query === 'string' ? query : query?.query) ?? '';
}

/** The selector that a variable takes its options from, resolved; undefined when it has none. */
export function selectorOf(variable: TemplateVariable, texts: VariableTexts): string | undefined {
  return LABEL_VALUES.exec(interpolate(queryOf(variable), texts))?.[1];
}

async function optionsOf(variable: TemplateVariable, texts: VariableTexts, labelValues: LabelValues) {
  const query = interpolate(queryOf(variable), texts);
  const match = LABEL_VALUES.exec(query);
  if (match === null) throw new Error(`${variable.name}: expected label_values(…), got ${query}`);
  const [, selector, label] = match;
  const values = await labelValues(label!, selector);
  if (!variable.regex) return values;
  const pattern = new RegExp(variable.regex.replace(/^\/(.*)\/\w*$/s, '$1'));
  return values.flatMap((value) => {
    const found = pattern.exec(value);
    return found === null ? [] : [found[1] ?? found[0]];
  });
}

function chosen(
  variable: TemplateVariable,
  { options, saved }: { readonly options: readonly string[]; readonly saved: readonly string[] },
): string {
  const kept = saved.filter((value) => options.includes(value));
  const isAll = variable.includeAll === true && kept.length === 0;
  if (isAll && variable.allValue) return variable.allValue;
  const values = isAll ? options : kept.length > 0 ? kept : options.slice(0, 1);
  if (variable.multi !== true && variable.includeAll !== true) return values[0] ?? '';
  const escaped = values.map(escapeRegex);
  return escaped.length > 1 ? `(${escaped.join('|')})` : (escaped[0] ?? '');
}

/** Escapes a value for a matcher with a regular expression inside a quoted string. */
function escapeRegex(value: string): string {
  return value.replace(/[\\^$*+?.()|{}[\]]/g, '\\\\$&');
}
