import type { ContainerEntry } from './pod-entry.ts';
import { type ContainerScope, type PodScope, plus } from './scopes.ts';

/** For so long a container that did input and output, or used a card, is expected to go on with it; milliseconds. */
const EXPECTED_FOR = 120_000;

const FS = ['fsReadBytes', 'fsWriteBytes', 'fsReads', 'fsWrites'] as const;

/**
 * What the running containers of a pod use together. A sum that lacks a container is left out, because it would be too small:
 * every container that runs has CPU and memory; only some have devices and cards. What a request or limit is compared with goes
 * over the containers that declare one, and lacks only these.
 */
export class ContainersSum {
  readonly #lacking = new Set<keyof PodScope>();

  /** For the next pod. */
  begin(): void {
    this.#lacking.clear();
  }

  /** Whether every container has CPU: without it a container is taken for one of which nothing is known. */
  get isWhole(): boolean {
    return !this.#lacking.has('cpu');
  }

  /** Adds what one container uses, as far as it is known, and notes which sums lack it. */
  add(
    container: ContainerEntry,
    {
      scope: c,
      into,
      timestamp,
    }: { readonly scope: ContainerScope; readonly into: PodScope; readonly timestamp: number },
  ): void {
    const isUnknown = Number.isNaN(c.cpu);
    this.#add(into, 'cpu', c.cpu, true);
    this.#add(into, 'memory', c.memory, true);
    this.#add(into, 'noCache', c.noCache, true);

    if (FS.some((name) => !Number.isNaN(c[name]))) container.fsAt = timestamp;
    const hasFs = isUnknown || container.fsAt > timestamp - EXPECTED_FOR;
    for (const name of FS) this.#add(into, name, c[name], hasFs);

    const hasGpu = !Number.isNaN(c.gpuRequest);
    const hadGpu = container.gpuAt > timestamp - EXPECTED_FOR;
    this.#add(into, 'gpu', c.gpu, hasGpu || (hadGpu && !Number.isNaN(container.gpu)));
    const hasGpuMemory = hasGpu || !Number.isNaN(c.gpuMemoryRequest);
    this.#add(into, 'gpuMemory', c.gpuMemory, hasGpuMemory || (hadGpu && !Number.isNaN(container.gpuMemory)));

    if (!Number.isNaN(c.cpuRequest)) this.#add(into, 'cpuOfRequesting', c.cpu, true);
    if (!Number.isNaN(c.cpuLimit)) this.#add(into, 'cpuOfLimited', c.cpu, true);
    if (!Number.isNaN(c.memoryRequest)) {
      this.#add(into, 'memoryOfRequesting', c.memory, true);
      this.#add(into, 'noCacheOfRequesting', c.noCache, true);
    }
    if (!Number.isNaN(c.memoryLimit)) {
      this.#add(into, 'memoryOfLimited', c.memory, true);
      this.#add(into, 'noCacheOfLimited', c.noCache, true);
    }
    if (!Number.isNaN(c.gpuRequest)) this.#add(into, 'gpuOfRequesting', c.gpu, true);
    if (!Number.isNaN(c.gpuMemoryRequest)) this.#add(into, 'gpuMemoryOfRequesting', c.gpuMemory, true);
  }

  /** Takes the sums away that lack a container. */
  leaveOut(from: PodScope): void {
    for (const name of this.#lacking) from[name] = Number.NaN;
  }

  #add(into: PodScope, name: keyof PodScope, value: number, isExpected: boolean): void {
    if (!Number.isNaN(value)) into[name] = plus(into[name], value);
    else if (isExpected) this.#lacking.add(name);
  }
}
