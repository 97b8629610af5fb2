/** What a scenario makes go wrong for a while. Workloads are `namespace/kind/name`, pods `namespace/name`. */
export class Faults {
  /** Containers of these workloads end soon after each start. */
  readonly crashing = new Map<string, { readonly exitCode: number; readonly after: number }>();
  /** Pods of these workloads fail their readiness probe. */
  readonly unready = new Set<string>();
  /** Pods of these workloads fail their liveness probe: the kubelet restarts them. */
  readonly unhealthy = new Set<string>();
  /** Images that cannot be pulled. */
  readonly missingImages = new Set<string>();

  /** Whether an image can be had; tags that say that they are missing cannot. */
  canPull(image: string): boolean {
    return !this.missingImages.has(image) && !/:(missing|does-not-exist)\b/.test(image);
  }
}
