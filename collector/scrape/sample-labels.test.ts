import { describe, expect, it } from 'vitest';
import { Labels } from '../../storage/labels.ts';
import { LimitError } from './limit-error.ts';
import { compileSampleLabels, type SampleLabelsOptions } from './sample-labels.ts';

function compile(options: Partial<SampleLabelsOptions>): (scraped: Record<string, string>) => string | undefined {
  const labels = compileSampleLabels({
    target: Labels.from({ job: 'j', instance: 'i' }),
    honorLabels: false,
    relabel: (given) => given,
    labelLimit: 0,
    labelNameLengthLimit: 0,
    labelValueLengthLimit: 0,
    ...options,
  });
  return (scraped) => labels(new Map(Object.entries({ __name__: 'a', ...scraped })))?.toString();
}

describe('the labels of a target and of its page', () => {
  const both = { target: Labels.from({ job: 'j', exported_job: 'e' }) };

  it.each<[options: Partial<SampleLabelsOptions>, scraped: Record<string, string>, stored: string]>([
    [{}, { x: '1' }, 'a{instance="i", job="j", x="1"}'],
    [{}, { job: 'own' }, 'a{exported_job="own", instance="i", job="j"}'],
    [{}, { job: '' }, 'a{instance="i", job="j"}'],
    [{}, { job: 'own', exported_job: 'x' }, 'a{exported_exported_job="own", exported_job="x", instance="i", job="j"}'],
    [both, { job: 'own' }, 'a{exported_exported_job="own", exported_job="e", job="j"}'],
    [
      both,
      { job: 'own', exported_job: 'x' },
      'a{exported_exported_exported_job="x", exported_exported_job="own", exported_job="e", job="j"}',
    ],
    [{ honorLabels: true }, { job: 'own', x: '1' }, 'a{instance="i", job="own", x="1"}'],
    [{ honorLabels: true }, { job: '' }, 'a{instance="i"}'],
  ])('%# are joined', (options, scraped, stored) => {
    expect(compile(options)(scraped)).toBe(stored);
  });
});

describe('relabelling', () => {
  it('may drop a series, or all of its labels', () => {
    expect(compile({ relabel: () => undefined })({})).toBeUndefined();
    expect(compile({ relabel: () => Labels.EMPTY })({})).toBeUndefined();
  });

  it('must leave the metric name', () => {
    expect(() => compile({ relabel: (labels) => labels.with('__name__', '') })({ x: '1' })).toThrow(
      'a series must have a metric name after relabelling, got {instance="i", job="j", x="1"}',
    );
  });
});

describe('limits', () => {
  it.each<
    [options: Partial<SampleLabelsOptions>, ok: Record<string, string>, over: Record<string, string>, message: string]
  >([
    [
      { labelLimit: 4 },
      { x: '1' },
      { x: '1', y: '2' },
      'label_limit exceeded (metric: a, number of labels: 5, limit: 4)',
    ],
    [
      { labelNameLengthLimit: 8 },
      { éabc: '1' },
      { éabcdefg: '1' },
      'label_name_length_limit exceeded (metric: a, label name: éabcdefg, length: 9, limit: 8)',
    ],
    [
      { labelValueLengthLimit: 3 },
      { x: 'éa' },
      { x: 'é"b' },
      String.raw`label_value_length_limit exceeded (metric: a, label name: x, value: "é\"b", length: 4, limit: 3)`,
    ],
  ])('%# are kept in bytes', (options, ok, over, message) => {
    expect(compile(options)(ok)).toBeDefined();
    const attempt = () => compile(options)(over);
    expect(attempt).toThrow(LimitError);
    expect(attempt).toThrow(message);
  });
});
