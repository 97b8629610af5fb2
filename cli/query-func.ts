import type { QueryFunc } from '../alerting/query-func.ts';
import type { QueryEngine } from '../query/query-result.ts';
import { Labels } from '../storage/labels.ts';

/** The engine as rules see it: a number is one sample without labels. */
export function queryFuncOf(engine: Pick<QueryEngine, 'instant'>): QueryFunc {
  return async (expr, time, signal) => {
    const { value } = await engine.instant({ expr, time }, signal);
    switch (value.type) {
      case 'vector':
        return { samples: value.samples };
      case 'scalar':
        return { samples: [{ labels: Labels.EMPTY, value: value.value }] };
      case 'matrix':
      case 'string':
        throw new Error(`a rule needs an instant vector or a scalar, the expression gives a ${value.type}`);
      default:
        return value satisfies never;
    }
  };
}
