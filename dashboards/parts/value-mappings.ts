import { MappingType, type ValueMap } from '@grafana/grafana-foundation-sdk/dashboard';
import type { ValueNames } from './panel.ts';

/** The names of values as Grafana's mapping of them; the order is kept. */
export function valueMappings(names: ValueNames): ValueMap {
  const options: ValueMap['options'] = {};
  Object.entries(names).forEach(([value, { text, color }], index) => {
    options[value] = { text, color, index };
  });
  return { type: MappingType.ValueToText, options };
}
