import { Labels } from '../../storage/labels.ts';
import type { QueryResult } from '../query-result.ts';
import type { PackedResult } from './messages.ts';

/** A result as plain data, for another thread. */
export function packResult(result: QueryResult): PackedResult {
  const { value } = result;
  switch (value.type) {
    case 'scalar':
    case 'string':
      return { ...result, value };
    case 'vector':
      return {
        ...result,
        value: { type: 'vector', samples: value.samples.map((one) => ({ ...one, labels: one.labels.pairs })) },
      };
    case 'matrix':
      return {
        ...result,
        value: { type: 'matrix', series: value.series.map((one) => ({ ...one, labels: one.labels.pairs })) },
      };
    default:
      return value satisfies never;
  }
}

export function unpackResult(packed: PackedResult): QueryResult {
  const { value } = packed;
  const labelsOf = ({ labels }: { readonly labels: readonly string[] }) => Labels.fromSortedPairs(labels);
  switch (value.type) {
    case 'scalar':
    case 'string':
      return { ...packed, value };
    case 'vector':
      return {
        ...packed,
        value: { type: 'vector', samples: value.samples.map((one) => ({ ...one, labels: labelsOf(one) })) },
      };
    case 'matrix':
      return {
        ...packed,
        value: { type: 'matrix', series: value.series.map((one) => ({ ...one, labels: labelsOf(one) })) },
      };
    default:
      return value satisfies never;
  }
}
