/** A resource of the store, such as `pods` or `deployments.apps`, or '*' for all. */
export type FaultyResource = string;

/** What is made to go wrong with requests, until it is switched off or used up. */
export class Faults {
  /** Milliseconds that each request waits. */
  delay = 0;
  #failing: { resource: FaultyResource; status: number; count: number }[] = [];
  #garbage: { resource: FaultyResource; count: number }[] = [];

  /** The next lists of a resource are answered with a status; 0 cuts the connection. */
  failLists(resource: FaultyResource, status: number, count: number): void {
    this.#failing.push({ resource, status, count });
  }

  /** The next answers about a resource are something else than JSON. */
  sendGarbage(resource: FaultyResource, count: number): void {
    this.#garbage.push({ resource, count });
  }

  /** Ends all of them. */
  clear(): void {
    this.delay = 0;
    this.#failing = [];
    this.#garbage = [];
  }

  /** The status that this list fails with. */
  takeFailure(resource: FaultyResource): number | undefined {
    const fault = this.#failing.find((one) => one.resource === '*' || one.resource === resource);
    if (fault === undefined) return undefined;
    if (--fault.count <= 0) this.#failing = this.#failing.filter((one) => one !== fault);
    return fault.status;
  }

  takeGarbage(resource: FaultyResource): boolean {
    const fault = this.#garbage.find((one) => one.resource === '*' || one.resource === resource);
    if (fault === undefined) return false;
    if (--fault.count <= 0) this.#garbage = this.#garbage.filter((one) => one !== fault);
    return true;
  }
}
