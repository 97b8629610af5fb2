import { Labels } from '../../../storage/labels.ts';
import { Matcher } from '../../../storage/matcher.ts';
import { createMemoryStorage } from '../../../storage/memory.ts';
import { readSamples } from '../../../storage/read-samples.ts';
import type { RawObject } from '../kube-client.ts';
import type { KubeObject, ResourceName } from '../objects.ts';
import { RESOURCES } from '../resources.ts';
import { type FamilySelection, selectFamilies } from './family-selection.ts';
import { ObjectSeries } from './object-series.ts';

/** An object as the API gives it, without what every test would repeat. */
export type Written = Readonly<Record<string, unknown>> & {
  readonly metadata?: Readonly<Record<string, unknown>>;
};

/** What a cache keeps of it: a test that needs a field which is not kept fails. */
export function kept(resource: ResourceName, { metadata, ...rest }: Written): KubeObject {
  const raw = {
    ...rest,
    metadata: {
      name: 'x',
      ...(RESOURCES[resource].namespaced && { namespace: 'ns' }),
      uid: 'u1',
      resourceVersion: '7',
      ...metadata,
    },
  };
  return RESOURCES[resource].slim(raw as unknown as RawObject);
}

/**
 * The series of one object of the families whose names match, sorted, without the labels `namespace`, `pod` and the like that
 * identify the object: `kube_pod_status_phase{phase="Running"} 1`.
 */
export async function seriesText(
  resource: ResourceName,
  object: Written,
  options: { readonly only?: string; readonly selection?: FamilySelection; readonly identity?: boolean } = {},
): Promise<string[]> {
  const { only = '', selection = { resourceOptIn: [resource] }, identity = false } = options;
  const selected = selectFamilies(selection).find((each) => each.resource === resource);
  if (selected === undefined) return [];
  const storage = createMemoryStorage();
  const series = new ObjectSeries(storage.appender, selected, Labels.EMPTY);
  series.update('ns/x', kept(resource, object));
  await series.series.emit(1000);
  const matchers = [new Matcher('__name__', '!=', '')];
  const found = await storage.querier.select({ matchers, start: 0, end: 2000 }, new AbortController().signal);
  const samples = await readSamples(found);
  return found.series
    .map((labels, i) => {
      const shown = identity ? labels : labels.filter((name) => !selected.identity.includes(name));
      return { metric: shown.metric, line: `${shown.toString()} ${samples[i]![0]!.value}` };
    })
    .filter(({ metric }) => metric.includes(only))
    .map(({ line }) => line)
    .sort();
}
