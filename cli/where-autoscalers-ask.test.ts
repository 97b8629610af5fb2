import { describe, expect, it } from 'vitest';
import type { KubeAccess } from '../collector/kubernetes/kube-access.ts';
import { whereAutoscalersAsk } from './where-autoscalers-ask.ts';

const OWN: KubeAccess = { kind: 'in-cluster' };
const OTHER: KubeAccess = { kind: 'kubeconfig', file: '/k', context: undefined };
const NOWHERE = { enabled: undefined, listen: undefined };
const NONE = { option: undefined, accesses: [OTHER], isInCluster: false, isDemo: false };

describe('the metrics APIs', () => {
  it('are not served outside of a cluster unless somebody says so', () => {
    expect(whereAutoscalersAsk(NOWHERE, NONE)).toBeUndefined();
    expect(whereAutoscalersAsk({ ...NOWHERE, enabled: true }, NONE)).toEqual({
      listen: { host: '127.0.0.1', port: 0 },
      access: OTHER,
    });
    const listen = { host: '127.0.0.1', port: 9443 };
    expect(whereAutoscalersAsk({ ...NOWHERE, listen }, NONE)?.listen).toBe(listen);
    expect(whereAutoscalersAsk({ enabled: false, listen }, NONE)).toBeUndefined();
    expect(whereAutoscalersAsk({ ...NOWHERE, enabled: false }, { ...NONE, option: listen })?.listen).toBe(listen);
  });

  it('are served to the cluster that the process runs in', () => {
    const inside = { ...NONE, accesses: [OTHER, OWN], isInCluster: true };
    expect(whereAutoscalersAsk(NOWHERE, inside)).toEqual({ listen: { host: '::', port: 6443 }, access: OWN });
    expect(whereAutoscalersAsk({ ...NOWHERE, enabled: false }, inside)).toBeUndefined();
    expect(whereAutoscalersAsk(NOWHERE, { ...inside, accesses: [] })).toBeUndefined();
  });

  it('need a cluster', () => {
    const listen = { host: '127.0.0.1', port: 9443 };
    expect(() => whereAutoscalersAsk(NOWHERE, { ...NONE, accesses: [], option: listen })).toThrow(
      '--metrics-apis: expected a Kubernetes cluster',
    );
    expect(() => whereAutoscalersAsk({ ...NOWHERE, listen }, { ...NONE, accesses: [] })).toThrow(
      'the section autoscaling: expected a Kubernetes cluster',
    );
  });
});
