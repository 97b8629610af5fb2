/** Which methods a path takes: what a server needs to tell 405 from 404. */
export class RouteTable {
  readonly #routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];

  /** A route as fastify names it; a part that begins with a colon stands for anything without a slash. */
  add(url: string, method: string | readonly string[]): void {
    const parts = url
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
    this.#routes.push({ pattern: new RegExp(`^${parts.join('/')}$`), methods: [method].flat() });
  }

  /** Sorted; [] when there is no such path. */
  methodsOf(path: string): string[] {
    const methods = new Set<string>();
    for (const route of this.#routes) {
      if (route.pattern.test(path)) for (const method of route.methods) methods.add(method);
    }
    return [...methods].sort();
  }
}
