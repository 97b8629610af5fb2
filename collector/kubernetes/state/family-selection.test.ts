import { describe, expect, it } from 'vitest';
import { type FamilySelection, selectFamilies } from './family-selection.ts';

const names = (selection?: FamilySelection): string[] =>
  selectFamilies(selection).flatMap(({ families }) => families.map(({ name }) => name));

describe('selectFamilies', () => {
  it('takes the default set, and leaves out resources without any of it', () => {
    const resources = selectFamilies().map(({ resource }) => resource);
    expect(resources).toContain('pods');
    expect(resources).not.toContain('leases');
    expect(resources).not.toContain('endpoints');
    expect(names()).toContain('kube_pod_info');
    expect(names()).not.toContain('kube_pod_tolerations');
  });

  it('takes only what is allowed, without what is denied', () => {
    expect(names({ metricAllowlist: ['^kube_node_s'], metricDenylist: ['taint', 'status'] })).toEqual([
      'kube_node_spec_unschedulable',
    ]);
  });

  it('adds families and whole resources', () => {
    const more = names({ metricOptIn: ['^kube_pod_ips$'], resourceOptIn: ['leases'] });
    expect(more.filter((name) => !names().includes(name))).toEqual([
      'kube_pod_ips',
      'kube_lease_owner',
      'kube_lease_renew_time',
    ]);
  });

  it('has labels and annotations for resources for which some are allowed', () => {
    const has = (selection: FamilySelection): string[] =>
      names(selection).filter((name) => /_(labels|annotations)$/.test(name));
    expect(has({})).toEqual(['kube_persistentvolumeclaim_labels']);
    expect(has({ metricLabelsAllowlist: { pods: ['app'] } })).toEqual(['kube_pod_labels']);
    expect(has({ metricLabelsAllowlist: {}, metricAnnotationsAllowlist: { nodes: ['*'] } })).toEqual([
      'kube_node_annotations',
    ]);
    expect(has({ metricLabelsAllowlist: { '*': ['app'] } })).toContain('kube_service_labels');
  });
});
