import type { Logger } from 'pino';
import { type Clock, SYSTEM_CLOCK, wait } from '../../../clock/clock.ts';
import { type ApiCaller, reasonOf, refusedWith } from '../api-caller.ts';
import { createService, type ServiceAddress } from './created-service.ts';
import { apiServiceName, SERVED_VERSIONS, type ServedVersion } from './served-groups.ts';

export interface RegistrationOptions {
  readonly api: ApiCaller;
  /** The Service that leads to this server; only what is registered for it is touched. */
  readonly service: ServiceName;
  /** What the API server is to trust, read anew each time; undefined leaves that to somebody else. */
  readonly caBundle: () => string | undefined;
  /** Creates what is missing, so that the service leads here. Default: a manifest does. */
  readonly create?: ServiceAddress | undefined;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Milliseconds between two looks. Default 60,000. */
  readonly interval?: number;
}

export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
  /** Default 443. */
  readonly port?: number;
}

/** How a group and version stand with the API server. */
export interface RegistrationStatus {
  readonly group: string;
  readonly version: string;
  readonly state: /** Not looked yet. */
    | 'unknown'
    /** It leads here. */
    | 'registered'
    /** It leads to another service, and stays so. */
    | 'foreign'
    /** There is no APIService object. */
    | 'missing'
    /** It could not be read or changed. */
    | 'failed';
  /** What to do, or why; '' when all is well. */
  readonly detail: string;
  /** What the API server says of the server behind it; undefined when nothing yet. */
  readonly available: { readonly status: string; readonly reason: string; readonly message: string } | undefined;
  /** When this was found, in Unix milliseconds; 0 for never. */
  readonly at: number;
}

interface ApiService {
  readonly spec?: {
    readonly service?: { readonly namespace?: string; readonly name?: string; readonly port?: number } | null;
    readonly caBundle?: string;
    readonly insecureSkipTLSVerify?: boolean;
  };
  readonly status?: { readonly conditions?: readonly Readonly<Record<string, string>>[] | null };
}

type Found = Pick<RegistrationStatus, 'state' | 'detail' | 'available'>;

const PATH = '/apis/apiregistration.k8s.io/v1/apiservices';

/** Keeps the APIService objects that lead to this server in step with its certificate, and says how they stand. */
export class Registration {
  readonly #options: RegistrationOptions;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  readonly #status = new Map<string, RegistrationStatus>();
  /** The bundles that were published last, by the name of the object. */
  readonly #published = new Map<string, string>();
  /** What was told last, by the name of the object. */
  readonly #told = new Map<string, string>();
  #wake: () => void = () => undefined;

  /** Looks from now on. */
  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    for (const { group, version } of SERVED_VERSIONS) {
      this.#status.set(apiServiceName({ group, version }), {
        group,
        version,
        state: 'unknown',
        detail: '',
        available: undefined,
        at: 0,
      });
    }
    this.#running = this.#follow();
  }

  /** In a fixed order. */
  status(): readonly RegistrationStatus[] {
    return [...this.#status.values()];
  }

  /** Looks again at once: what is to be trusted has changed. */
  refresh(): void {
    this.#wake();
  }

  /** Ends it; what is registered stays. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the registration was closed'));
    this.#wake();
    await this.#running;
  }

  async #follow(): Promise<void> {
    const { interval = 60_000 } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await this.#look();
      await wait(this.#clock, interval, woken.signal);
    }
  }

  async #look(): Promise<void> {
    const { create, api, service, logger } = this.#options;
    const { signal } = this.#closing;
    if (create !== undefined) {
      try {
        await createService({ api, service, address: create, signal });
        this.#tell('service', '', () => undefined);
      } catch (error) {
        if (signal.aborted) return;
        const reason = reasonOf(error);
        this.#tell('service', reason, () => logger.warn({ reason }, `cannot create ${text(service)}`));
      }
    }
    await Promise.all(SERVED_VERSIONS.map((version) => this.#lookAt(version)));
  }

  async #lookAt(served: ServedVersion): Promise<void> {
    const { logger } = this.#options;
    const name = apiServiceName(served);
    let found: Found;
    try {
      found = await this.#register(name, served);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      const detail = `${reasonOf(error)}${refusedWith(error) === 403 ? ' (deploy/rbac-autoscaling.yaml grants it)' : ''}`;
      found = { state: 'failed', detail, available: this.#status.get(name)?.available };
    }
    const { group, version } = served;
    this.#status.set(name, { group, version, ...found, at: this.#clock.now() });
    const { state, detail, available } = found;
    this.#tell(name, `${state} ${detail} ${available?.status} ${available?.message}`, () => {
      if (state !== 'registered') logger.warn(`APIService ${name}: ${detail}`);
      else if (available?.status === 'False') {
        logger.warn(
          `APIService ${name} is registered, but the API server says: ${available.reason}: ${available.message}`,
        );
      } else logger.info(`APIService ${name} is registered`);
    });
  }

  /** Looks at one object, and publishes what is to be trusted where it leads here. */
  async #register(name: string, served: ServedVersion): Promise<Found> {
    const { api, service, create } = this.#options;
    const { signal } = this.#closing;
    const path = `${PATH}/${name}`;
    let object: ApiService;
    try {
      object = (await api.get(path, { signal })) as ApiService;
    } catch (error) {
      if (refusedWith(error) !== 404) throw error;
      if (create === undefined) {
        const detail = 'there is no such object: apply deploy/apiservices.yaml';
        return { state: 'missing', detail, available: undefined };
      }
      object = (await api.send('POST', PATH, { body: this.#object(name, served), signal })) as ApiService;
    }
    const available = availableOf(object);
    const target = object.spec?.service;
    if (target?.namespace !== service.namespace || target.name !== service.name) {
      const owner = target === undefined || target === null ? 'the API server itself' : text(target);
      const detail = `it leads to ${owner}, not to ${text(service)}, and is left alone: to serve ${served.group} from here, remove it with what serves it now and apply deploy/apiservices.yaml`;
      return { state: 'foreign', detail, available };
    }
    const patched = await this.#publish(name, object, path);
    return { state: 'registered', detail: patched, available };
  }

  async #publish(name: string, { spec }: ApiService, path: string): Promise<string> {
    const { api, caBundle } = this.#options;
    const { signal } = this.#closing;
    const pem = caBundle();
    if (pem === undefined) return '';
    const bundle = Buffer.from(pem).toString('base64');
    if (spec?.caBundle === bundle && spec.insecureSkipTLSVerify !== true) return '';
    const last = this.#published.get(name);
    // Not both may be set.
    const body = { spec: { caBundle: bundle, insecureSkipTLSVerify: false } };
    await api.send('PATCH', path, { body, signal });
    this.#published.set(name, bundle);
    return last === bundle
      ? 'somebody else has changed its caBundle since the last look, and it was put back: servers of one service must share a certificate'
      : '';
  }

  #object(name: string, { group, version, versionPriority }: ServedVersion): object {
    const { service } = this.#options;
    const pem = this.#options.caBundle();
    return {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name },
      spec: {
        group,
        version,
        groupPriorityMinimum: 100,
        versionPriority,
        service: { namespace: service.namespace, name: service.name, port: service.port ?? 443 },
        ...(pem !== undefined && { caBundle: Buffer.from(pem).toString('base64') }),
      },
    };
  }

  #tell(about: string, what: string, tell: () => void): void {
    if (this.#told.get(about) === what) return;
    this.#told.set(about, what);
    tell();
  }
}

function availableOf({ status }: ApiService): RegistrationStatus['available'] {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  return (
    condition && { status: condition.status ?? '', reason: condition.reason ?? '', message: condition.message ?? '' }
  );
}

function text({ namespace = '', name = '' }: { readonly namespace?: string; readonly name?: string }): string {
  return `Service ${namespace}/${name}`;
}
