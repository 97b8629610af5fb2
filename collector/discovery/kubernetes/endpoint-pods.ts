import type { Pod } from '../../kubernetes/objects.ts';
import { hostPort, type MetaLabels } from './meta-labels.ts';
import { addPodLabels, containerLabels, containersOf, portLabels } from './pod.ts';

/** The pods behind the endpoints of a service: what they add to its targets, and the ports that the service does not have. */
export class EndpointPods {
  readonly #seen = new Map<Pod, Set<number>>();

  /**
   * Adds the labels of the pod that a target is, and of the container that has the target's port. `protocol` stands in for
   * the protocol of the container's port.
   */
  addTo(
    target: MetaLabels,
    pod: Pod,
    { port, protocol }: { readonly port?: number; readonly protocol?: string },
  ): void {
    let ports = this.#seen.get(pod);
    if (ports === undefined) {
      ports = new Set();
      this.#seen.set(pod, ports);
    }
    addPodLabels(target, pod);
    if (port === undefined) return;
    ports.add(port);
    for (const { container, isInit } of containersOf(pod)) {
      const match = container.ports?.find(({ containerPort }) => containerPort === port);
      if (match === undefined) continue;
      const used = protocol === undefined ? match : { ...match, protocol };
      Object.assign(target, containerLabels(container, isInit), portLabels(used));
    }
  }

  /** A target for each port of the pods' containers that no target had. */
  *otherPorts(): Generator<MetaLabels> {
    for (const [pod, seen] of this.#seen) {
      const { podIP = '' } = pod.status;
      if (podIP === '') continue;
      for (const { container, isInit } of containersOf(pod)) {
        for (const port of container.ports ?? []) {
          if (seen.has(port.containerPort)) continue;
          const target: MetaLabels = {
            __address__: hostPort(podIP, port.containerPort),
            ...containerLabels(container, isInit),
            ...portLabels(port),
          };
          addPodLabels(target, pod);
          yield target;
        }
      }
    }
  }
}
