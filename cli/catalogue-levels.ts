import { LEVELS, metricName } from '../collector/kubernetes/catalogue/definitions.ts';

/** The k8s_* metrics by level, from the cluster down to the container, as those are told who may not know the collector. */
export function catalogueLevels() {
  return LEVELS.map(({ level, definitions }) => ({
    level,
    metrics: new Map(
      definitions.map((definition) => [
        metricName(level, definition),
        { unit: definition.unit, help: definition.meaning },
      ]),
    ),
  }));
}
