import { MetricCatalogue } from '../alerting/policies/metric-catalogue.ts';
import { LEVELS, metricName } from '../collector/kubernetes/catalogue/definitions.ts';

/** The k8s_* metrics, as policies are checked against them. */
export function policyCatalogue(): MetricCatalogue {
  return new MetricCatalogue(
    LEVELS.map(({ level, definitions }) => ({
      level,
      metrics: new Map(
        definitions.map((definition) => [
          metricName(level, definition),
          { unit: definition.unit, help: definition.meaning },
        ]),
      ),
    })),
  );
}
