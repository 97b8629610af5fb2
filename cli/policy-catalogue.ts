import { MetricCatalogue } from '../alerting/policies/metric-catalogue.ts';
import { LEVELS, metricName } from '../collector/kubernetes/catalogue/definitions.ts';

/** The k8s_* metrics, as policies are checked against them. */
export function policyCatalogue(): MetricCatalogue {
  return new MetricCatalogue(
    LEVELS.map(({ level, labels, definitions }) => ({
      level,
      labels: ['cluster', ...labels],
      units: new Map<string, string>(definitions.map((definition) => [metricName(level, definition), definition.unit])),
    })),
  );
}
