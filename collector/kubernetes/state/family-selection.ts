import { RE2JS } from 're2js';
import type { KubeObject, ResourceName } from '../objects.ts';
import { AllowedNames } from './allowed-names.ts';
import type { AllowedMetadata, Family } from './family.ts';
import { STATE_RESOURCES } from './state-resources.ts';

/** Which families are told. */
export interface FamilySelection {
  /** In place of the default set: families whose names match one of these regular expressions (RE2, anywhere in the name). */
  readonly metricAllowlist?: readonly string[] | undefined;
  /** Added to the set: families whose names match. */
  readonly metricOptIn?: readonly string[] | undefined;
  /** Added to the set: all families of these resources. */
  readonly resourceOptIn?: readonly string[] | undefined;
  /** Taken out of the set: families whose names match. */
  readonly metricDenylist?: readonly string[] | undefined;
  /**
   * Objects' labels that become labels of `kube_*_labels`, by resource (`pods`; `*` for all of them): names, of which one `*`
   * stands for anything. Default: `excluded_from_alerts` of claims, which the usual alerts look at.
   */
  readonly metricLabelsAllowlist?: Readonly<Record<string, readonly string[]>> | undefined;
  /** The same for annotations and `kube_*_annotations`. Default: none. */
  readonly metricAnnotationsAllowlist?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** What is told of one resource that is to be watched. */
export interface SelectedResource {
  readonly resource: ResourceName;
  readonly identity: readonly string[];
  readonly identify: (object: KubeObject) => readonly string[];
  readonly families: readonly Family<KubeObject>[];
  readonly allowed: AllowedMetadata;
}

const DEFAULT_LABELS = { persistentvolumeclaims: ['excluded_from_alerts'] };

/**
 * The families that are told, by resource; a resource without any is left out, and need not be watched. Throws an Error that
 * names a wrong regular expression, or a resource that there is not.
 */
export function selectFamilies(options: FamilySelection = {}): readonly SelectedResource[] {
  const { metricAllowlist, metricOptIn = [], metricDenylist = [], resourceOptIn = [] } = options;
  const { metricLabelsAllowlist: labels = DEFAULT_LABELS, metricAnnotationsAllowlist: annotations = {} } = options;
  checkResources('resource_opt_in', resourceOptIn);
  checkResources('metric_labels_allowlist', Object.keys(labels));
  checkResources('metric_annotations_allowlist', Object.keys(annotations));
  const allow = metricAllowlist && matcher('metric_allowlist', metricAllowlist);
  const optIn = matcher('metric_opt_in', metricOptIn);
  const deny = matcher('metric_denylist', metricDenylist);
  const selected: SelectedResource[] = [];
  for (const { resource, identity, identify, families } of STATE_RESOURCES as readonly SelectedResource[]) {
    const allowed = { labels: allowedFor(resource, labels), annotations: allowedFor(resource, annotations) };
    const chosen = families.filter(
      ({ name, isDefault }) =>
        !deny(name) &&
        !(name.endsWith('_labels') && allowed.labels.isEmpty) &&
        !(name.endsWith('_annotations') && allowed.annotations.isEmpty) &&
        ((allow === undefined ? isDefault : allow(name)) || optIn(name) || resourceOptIn.includes(resource)),
    );
    if (chosen.length > 0) selected.push({ resource, identity, identify, families: chosen, allowed });
  }
  return selected;
}

function allowedFor(resource: string, allowlist: Readonly<Record<string, readonly string[]>>): AllowedNames {
  const names = [...(allowlist[resource] ?? []), ...(allowlist['*'] ?? [])];
  return names.length === 0 ? AllowedNames.NONE : new AllowedNames(names);
}

function matcher(option: string, patterns: readonly string[]): (name: string) => boolean {
  const compiled = patterns.map((pattern) => {
    try {
      return RE2JS.compile(pattern);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${option} must be of regular expressions, got ${JSON.stringify(pattern)}: ${reason}`);
    }
  });
  return (name) => compiled.some((regex) => regex.matcher(name).find());
}

function checkResources(option: string, names: readonly string[]): void {
  for (const name of names) {
    if (name !== '*' && !STATE_RESOURCES.some(({ resource }) => resource === name)) {
      const known = STATE_RESOURCES.map(({ resource }) => resource).join(', ');
      throw new Error(`${option} must name resources of ${known}, got ${JSON.stringify(name)}`);
    }
  }
}
