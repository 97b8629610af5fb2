/**
 * Go's text/template as Prometheus uses it in labels and annotations: `{{ $labels.instance }} is at
 * {{ $value | humanize }}`. Parsed once when a rule is loaded, expanded once per alert.
 *
 * The evaluator is synchronous. A function that needs a query's answer stops the expansion; the answer is fetched and
 * the expansion begins anew, which costs little because templates are small and rarely query.
 */
import type { Labels } from '../../storage/labels.ts';
import { type EvaluationLimits, evaluate } from './evaluator.ts';
import { GO_FUNCTIONS } from './go-functions.ts';
import { type ParsedTemplate, parse } from './parser.ts';
import { PROMETHEUS_FUNCTION_NAMES, prometheusFunctions } from './prometheus-functions.ts';
import { GoMap, GoStruct, sampleValue, type Value, ValueError } from './value.ts';

const FUNCTION_NAMES: ReadonlySet<string> = new Set([...GO_FUNCTIONS.keys(), ...PROMETHEUS_FUNCTION_NAMES]);
const VARIABLES: readonly string[] = ['$labels', '$externalLabels', '$externalURL', '$value'];
const LIMITS: EvaluationLimits = { output: 64 * 1024, steps: 100_000, depth: 100 };
const MAX_QUERIES = 20;
/** As Go writes the type that Prometheus' templates have. */
const DATA_TYPE =
  'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }';

/** What an expansion is about. */
export interface TemplateData {
  readonly labels: Labels;
  readonly value: number;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  /** The time of the evaluation, in milliseconds. */
  readonly now: number;
}

/** The answer to a template's `query`; rejects with an Error for the user. */
export type TemplateQuery = (expr: string) => Promise<readonly { readonly labels: Labels; readonly value: number }[]>;

/** Immutable. */
export class Template {
  readonly source: string;
  readonly #parsed: ParsedTemplate | undefined;

  /** Throws a TemplateError when the text is no template. */
  constructor(source: string) {
    this.source = source;
    // Most labels are plain text.
    if (source.includes('{{')) this.#parsed = parse(source, { functions: FUNCTION_NAMES, variables: VARIABLES });
  }

  /** Whether it is the same text for every alert. */
  get isPlain(): boolean {
    return this.#parsed === undefined;
  }

  /** Rejects with a TemplateError, or with what `query` rejects with. */
  async expand(data: TemplateData, query: TemplateQuery): Promise<string> {
    if (this.#parsed === undefined) return this.source;
    const answers = new Map<string, Value | ValueError>();
    for (;;) {
      try {
        return this.#evaluate(this.#parsed, data, answers);
      } catch (error) {
        if (!(error instanceof AnswerNeeded)) throw error;
        answers.set(error.expr, await answer(error.expr, query));
      }
    }
  }

  #evaluate(parsed: ParsedTemplate, data: TemplateData, answers: ReadonlyMap<string, Value | ValueError>): string {
    const labels = GoMap.ofStrings(data.labels);
    const externalLabels = GoMap.ofStrings(data.externalLabels);
    const functions = prometheusFunctions({
      now: data.now,
      externalUrl: data.externalUrl,
      query(expr) {
        const known = answers.get(expr);
        if (known instanceof ValueError) throw known;
        if (known !== undefined) return known;
        if (answers.size >= MAX_QUERIES) throw new ValueError(`more than ${MAX_QUERIES} queries in one template`);
        throw new AnswerNeeded(expr);
      },
    });
    return evaluate(parsed, {
      data: new GoStruct(DATA_TYPE, {
        Labels: labels,
        ExternalLabels: externalLabels,
        ExternalURL: data.externalUrl,
        Value: data.value,
      }),
      variables: new Map<string, Value>([
        ['$labels', labels],
        ['$externalLabels', externalLabels],
        ['$externalURL', data.externalUrl],
        ['$value', data.value],
      ]),
      functions: new Map([...GO_FUNCTIONS, ...functions]),
      limits: LIMITS,
    });
  }
}

/** Thrown out of an expansion that cannot go on without an answer. */
class AnswerNeeded extends Error {
  readonly expr: string;

  constructor(expr: string) {
    super('an answer is needed');
    this.expr = expr;
  }
}

async function answer(expr: string, query: TemplateQuery): Promise<Value | ValueError> {
  try {
    return (await query(expr)).map(({ labels, value }) => sampleValue(labels, value));
  } catch (error) {
    return new ValueError(error instanceof Error ? error.message : String(error));
  }
}
