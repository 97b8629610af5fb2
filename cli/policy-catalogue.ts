import { MetricCatalogue } from '../alerting/policies/metric-catalogue.ts';
import { catalogueLevels } from './catalogue-levels.ts';

/** The k8s_* metrics, as policies are checked against them. */
export function policyCatalogue(): MetricCatalogue {
  return new MetricCatalogue(catalogueLevels());
}
