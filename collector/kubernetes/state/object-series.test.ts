import { describe, expect, it } from 'vitest';
import type { Appender } from '../../../storage/appender.ts';
import { Labels } from '../../../storage/labels.ts';
import { createMemoryStorage } from '../../../storage/memory.ts';
import { selectFamilies } from './family-selection.ts';
import { ObjectSeries } from './object-series.ts';
import { kept, type Written } from './series-text.case.ts';

const SELECTED = selectFamilies({
  metricAllowlist: ['^kube_pod_(status_phase|info|container_status_(ready|waiting_reason))$'],
})[0]!;

function pod({
  phase = 'Running',
  node = 'n1',
  waiting,
}: {
  phase?: string;
  node?: string;
  waiting?: string;
} = {}): Written {
  return {
    metadata: { name: 'a', uid: 'u' },
    spec: { nodeName: node, containers: [] },
    status: {
      phase,
      containerStatuses: [{ name: 'c', ready: true, ...(waiting && { state: { waiting: { reason: waiting } } }) }],
    },
  };
}

function setUp() {
  const { appender } = createMemoryStorage();
  const acquired: string[] = [];
  const counting: Appender = {
    acquire: (labels) => {
      acquired.push(labels.toString());
      return appender.acquire(labels);
    },
    release: (refs) => appender.release(refs),
    append: (batch) => appender.append(batch),
    describe: (metadata) => appender.describe(metadata),
  };
  return { acquired, objects: new ObjectSeries(counting, SELECTED, Labels.from({ job: 'ksm' })) };
}

describe('ObjectSeries', () => {
  it('makes no label set when only values change', () => {
    const { objects, acquired } = setUp();
    objects.update('ns/a', kept('pods', pod()));
    expect(acquired).toHaveLength(7);
    expect(objects.update('ns/a', kept('pods', pod({ phase: 'Failed' })))).toEqual([]);
    expect(acquired).toHaveLength(7);
    expect(objects.series.size).toBe(7);
  });

  it('makes those that are new, closes those that are gone, and keeps the others', () => {
    const { objects, acquired } = setUp();
    objects.update('ns/a', kept('pods', pod({ waiting: 'ContainerCreating' })));
    expect(objects.series.size).toBe(8);
    const closed = objects.update('ns/a', kept('pods', pod({ node: 'n2', waiting: 'CrashLoopBackOff' })));
    expect(closed).toHaveLength(2);
    expect(acquired.slice(8)).toEqual([
      'kube_pod_info{host_network="false", job="ksm", namespace="ns", node="n2", pod="a", uid="u"}',
      'kube_pod_container_status_waiting_reason{container="c", job="ksm", namespace="ns", pod="a", reason="CrashLoopBackOff", uid="u"}',
    ]);
    expect(objects.update('ns/a', kept('pods', pod({ node: 'n2' })))).toHaveLength(1);
    expect(objects.series.size).toBe(7);
  });

  it('closes all of an object that is gone', () => {
    const { objects } = setUp();
    objects.update('ns/a', kept('pods', pod()));
    expect(objects.update('ns/a', undefined)).toHaveLength(7);
    expect(objects.series.size).toBe(0);
    expect(objects.objects).toBe(0);
    expect(objects.has('ns/a')).toBe(false);
  });

  it('has no series of an object of which none can be made, until it changes', () => {
    const { appender } = createMemoryStorage();
    const quota = selectFamilies({ metricAllowlist: ['^kube_resourcequota$'] })[0]!;
    const objects = new ObjectSeries(appender, quota, Labels.EMPTY);
    const used = (amount: string): Written => ({ status: { used: { cpu: amount } } });
    objects.update('ns/x', kept('resourcequotas', used('1')));
    expect(() => objects.update('ns/x', kept('resourcequotas', used('lots')))).toThrow('got "lots"');
    expect(objects.series.size).toBe(0);
    objects.update('ns/x', kept('resourcequotas', used('2')));
    expect(objects.series.size).toBe(1);
  });
});
