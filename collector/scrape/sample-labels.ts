import { Labels, METRIC_NAME } from '../../storage/labels.ts';
import type { DropsMetric, Relabel } from '../relabel.ts';
import { LimitError } from './limit-error.ts';

export interface SampleLabelsOptions {
  /** The target's own labels. */
  readonly target: Labels;
  readonly honorLabels: boolean;
  readonly relabel: Relabel;
  /** What `relabel` drops by the metric's name alone. Default: that is not known. */
  readonly dropsMetric?: DropsMetric | undefined;
  /** 0 means no limit; lengths are bytes of UTF-8. */
  readonly labelLimit: number;
  readonly labelNameLengthLimit: number;
  readonly labelValueLengthLimit: number;
}

/**
 * From the labels that a page gives for a series to those it is stored with. Undefined means: dropped by relabelling.
 * Throws a LimitError, or an Error when relabelling took the metric name away.
 */
export interface SampleLabels {
  (scraped: Map<string, string>): Labels | undefined;
  /** Whether series of this name are dropped whatever their labels, so that these need not be looked at. */
  readonly dropsMetric?: DropsMetric | undefined;
}

/**
 * The target's labels are added. Where the page has a label of the same name, the page's wins with `honorLabels` (an
 * empty value then removes the label), and is otherwise kept as `exported_<name>`, with as many `exported_` as make the
 * name a new one.
 */
export function compileSampleLabels(options: SampleLabelsOptions): SampleLabels {
  const { target, honorLabels, relabel, dropsMetric } = options;
  const own = target.pairs;
  const labelsOf = (scraped: Map<string, string>): Labels | undefined => {
    if (honorLabels) {
      for (let i = 0; i < own.length; i += 2) if (!scraped.has(own[i]!)) scraped.set(own[i]!, own[i + 1]!);
    } else {
      const conflicts: [name: string, value: string][] = [];
      for (let i = 0; i < own.length; i += 2) {
        const existing = scraped.get(own[i]!);
        if (existing !== undefined && existing !== '') conflicts.push([own[i]!, existing]);
        scraped.set(own[i]!, own[i + 1]!);
      }
      if (conflicts.length > 0) keepConflicts(scraped, conflicts);
    }
    const labels = relabel(toLabels(scraped));
    if (labels === undefined || labels.size === 0) return undefined;
    if (labels.metric === '') {
      throw new Error(`a series must have a metric name after relabelling, got ${shorten(labels.toString())}`);
    }
    checkLimits(labels, options);
    return labels;
  };
  return Object.assign(labelsOf, { dropsMetric });
}

function toLabels(scraped: ReadonlyMap<string, string>): Labels {
  const names: string[] = [];
  for (const [name, value] of scraped) if (value !== '') names.push(name);
  names.sort();
  const pairs: string[] = [];
  for (const name of names) pairs.push(name, scraped.get(name)!);
  return Labels.fromSortedPairs(pairs);
}

/** Shorter names first, so that `a` becomes `exported_a` before an `exported_a` of the page has to give way. */
function keepConflicts(scraped: Map<string, string>, conflicts: [name: string, value: string][]): void {
  conflicts.sort(([a], [b]) => a.length - b.length);
  for (const [name, value] of conflicts) {
    let exported = `exported_${name}`;
    while ((scraped.get(exported) ?? '') !== '') exported = `exported_${exported}`;
    scraped.set(exported, value);
  }
}

function checkLimits(labels: Labels, options: SampleLabelsOptions): void {
  const { labelLimit, labelNameLengthLimit, labelValueLengthLimit } = options;
  const metric = shorten(labels.get(METRIC_NAME));
  if (labelLimit > 0 && labels.size > labelLimit) {
    throw new LimitError(
      'label_limit',
      `label_limit exceeded (metric: ${metric}, number of labels: ${labels.size}, limit: ${labelLimit})`,
    );
  }
  if (labelNameLengthLimit === 0 && labelValueLengthLimit === 0) return;
  for (const [name, value] of labels) {
    const nameLength = Buffer.byteLength(name);
    if (labelNameLengthLimit > 0 && nameLength > labelNameLengthLimit) {
      throw new LimitError(
        'label_name_length_limit',
        `label_name_length_limit exceeded (metric: ${metric}, label name: ${shorten(name)}, length: ${nameLength}, limit: ${labelNameLengthLimit})`,
      );
    }
    const valueLength = Buffer.byteLength(value);
    if (labelValueLengthLimit > 0 && valueLength > labelValueLengthLimit) {
      throw new LimitError(
        'label_value_length_limit',
        `label_value_length_limit exceeded (metric: ${metric}, label name: ${shorten(name)}, value: ${JSON.stringify(shorten(value))}, length: ${valueLength}, limit: ${labelValueLengthLimit})`,
      );
    }
  }
}

function shorten(text: string): string {
  return text.length > 50 ? `${text.slice(0, 50)}…` : text;
}
