import { describe, expect, it } from 'vitest';
import { Labels } from '../../../storage/labels.ts';
import { readCadvisorRow } from './cadvisor-row.ts';

const HEX = '0123456789abcdef'.repeat(4);
const POD = { namespace: 'shop', pod: 'web-1' };

function read(labels: Record<string, string>) {
  const row = readCadvisorRow(Labels.from(labels));
  return row && { of: row.of, unit: row.unit };
}

describe('a row of cAdvisor', () => {
  const cpu = { __name__: 'container_cpu_usage_seconds_total', container: 'app', ...POD };
  it.each([
    [
      'containerd, systemd',
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podab_cd.slice/cri-containerd-${HEX}.scope`,
    ],
    ['containerd, cgroupfs', `/kubepods/burstable/pod11-22/${HEX}`],
    ['containerd, named by its slice', `/system.slice/containerd.service/kubepods-podab.slice:cri-containerd:${HEX}`],
    ['CRI-O', `/kubepods.slice/kubepods-podab.slice/crio-${HEX}.scope`],
    ['Docker', `/kubepods.slice/kubepods-podab.slice/docker-${HEX}.scope`],
  ])('is of the container whose id its cgroup ends in: %s', (_, id) => {
    expect(read({ ...cpu, id, name: 'k8s_app_web-1' })).toEqual({ of: 'container', unit: `shop/web-1/app/${HEX}` });
  });

  it('has the id that cAdvisor names when the cgroup has none', () => {
    expect(read({ ...cpu, name: HEX })).toEqual({ of: 'container', unit: `shop/web-1/app/${HEX}` });
  });

  it('is of the pod that the page names, not of the target', () => {
    const target = { ...cpu, namespace: 'kube-system', exported_namespace: 'shop', name: HEX };
    expect(read(target)).toEqual({ of: 'container', unit: `shop/web-1/app/${HEX}` });
  });

  it.each([
    ['of a pause container', { ...cpu, container: 'POD' }],
    ["of a pod's cgroup", { ...cpu, container: '' }],
    ['of one core', { ...cpu, cpu: 'cpu03' }],
    ['of no pod', { ...cpu, pod: '', namespace: '' }],
    ['of no interest', { ...cpu, __name__: 'container_memory_rss' }],
    ['of the loopback', { __name__: 'container_network_receive_bytes_total', interface: 'lo', ...POD }],
    ["of a container's network", { ...cpu, __name__: 'container_network_receive_bytes_total', interface: 'eth0' }],
    ['of the machine, but of no interest', { __name__: 'container_memory_cache', id: '/' }],
    [
      "of a pod's interface on its node",
      { __name__: 'container_network_receive_bytes_total', id: '/', interface: 'veth0a' },
    ],
  ])('is left alone when it is %s', (_, labels) => {
    expect(read({ id: `/kubepods/pod1/${HEX}`, ...labels })).toBeUndefined();
  });

  it('is of a sandbox, the machine or one of its interfaces', () => {
    const receive = { __name__: 'container_network_receive_bytes_total', interface: 'eth0' };
    expect(read({ ...receive, ...POD, id: '/a/b', container: 'POD' })).toEqual({ of: 'pod', unit: 'shop/web-1///a/b' });
    expect(read({ ...receive, id: '/' })).toEqual({ of: 'interface', unit: '/ eth0' });
    expect(read({ __name__: 'container_memory_usage_bytes', id: '/' })).toEqual({ of: 'machine', unit: '/' });
  });
});
