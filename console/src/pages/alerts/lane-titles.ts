import { seriesLabels } from '../../charts/series-labels.ts';
import { groupBy } from '../../lists/group-by.ts';
import type { AlertLabels } from './current-alerts.ts';

/**
 * What alerts that stand together are called, each by what `titleOf` says, and by what tells it apart where others say the same:
 *
 *     TargetDown, TargetDown -> TargetDown · 10.0.0.1:80, TargetDown · 10.0.0.2:80
 */
export function laneTitles(
  alerts: readonly AlertLabels[],
  titleOf: (labels: AlertLabels) => string,
): ReadonlyMap<AlertLabels, string> {
  const titles = new Map<AlertLabels, string>();
  for (const [title, same] of groupBy(alerts, titleOf)) {
    const names = same.length === 1 ? [] : distinctNames(same);
    for (const [i, labels] of same.entries()) titles.set(labels, [title, ...names.slice(i, i + 1)].join(' · '));
  }
  return titles;
}

/** The values of one label, where one is enough to tell all apart. */
function distinctNames(alerts: readonly AlertLabels[]): readonly string[] {
  // Severities are one alert.
  const told = alerts.map(({ severity: _, ...labels }): AlertLabels => labels);
  const enough = Object.keys(told[0]!).find((name) => {
    const values = new Set(told.map((labels) => labels[name]));
    return values.size === told.length && !values.has(undefined);
  });
  return enough === undefined ? seriesLabels(told) : told.map((labels) => labels[enough]!);
}
