import type { ScrapeConfig, ScrapeProtocol } from '../../scrape/scrape-config.ts';
import { Secret } from '../../secret.ts';
import type { KubeAccess } from '../kube-access.ts';
import type { OperatorObject } from '../objects.ts';
import { FieldError, type Fields } from './fields.ts';
import { type Reference, type ReferenceLookup, referencedObject } from './references.ts';

/** What jobs have where their object says nothing: the `global` section of the configuration. */
export interface JobDefaults {
  /** Milliseconds. */
  readonly scrapeInterval: number;
  /** Milliseconds; a job with a shorter interval has that as its timeout. */
  readonly scrapeTimeout: number;
  /** A limit of 0, or none, means no limit. */
  readonly bodySizeLimit?: number;
  readonly sampleLimit?: number;
  readonly labelLimit?: number;
  readonly labelNameLengthLimit?: number;
  readonly labelValueLengthLimit?: number;
  readonly targetLimit?: number;
  readonly keepDroppedTargets?: number;
  readonly scrapeProtocols?: readonly ScrapeProtocol[] | undefined;
}

/** What a conversion depends on besides the object. */
export interface ConversionContext {
  readonly defaults: JobDefaults;
  readonly references: ReferenceLookup;
  /** For the discovery of the targets. */
  readonly access: KubeAccess;
  /** The value of the label `cluster`, which targets have that relabelling gives no other; '' for none. */
  readonly cluster: string;
  /** Stands before the names of the jobs, which several clusters may share; the label `job` never has it. */
  readonly jobPrefix: string;
  /** What the targets of a ServiceMonitor come from that does not say so itself. */
  readonly serviceDiscoveryRole: 'endpoints' | 'endpointslice';
  /** Labels of pods that targets of all ServiceMonitors and PodMonitors get. */
  readonly podTargetLabels: readonly string[];
  /** Whether objects may name files of this machine, such as tokens, which are then sent to the targets that they name. */
  readonly allowFiles: boolean;
}

/** What an object comes to. */
export interface Conversion {
  /** Everything that it refers to, also when it is refused. */
  readonly references: readonly Reference[];
  /** What has no effect, or is old. */
  readonly notes: readonly string[];
  readonly outcome:
    | { readonly kind: 'jobs'; readonly jobs: readonly ScrapeConfig[] }
    /** A reference has not been read yet. */
    | { readonly kind: 'pending' }
    /** `problem` begins with the field. */
    | { readonly kind: 'refused'; readonly problem: string };
}

/** Where a pod finds its token. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount/';

/** Reads an object while noting what it refers to; conversions read everything through it. */
export class ObjectReading {
  readonly context: ConversionContext;
  readonly name: string;
  readonly namespace: string;
  readonly references: Reference[] = [];
  readonly notes: string[] = [];
  /** The first thing that is wrong with what is referred to. */
  problem: string | undefined;
  isPending = false;

  constructor({ metadata }: OperatorObject, context: ConversionContext) {
    this.context = context;
    this.name = metadata.name;
    this.namespace = metadata.namespace;
  }

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** What a key of a Secret holds: `{ name, key }`. Without a name there is no reference. */
  secret(fields: Fields, name: string): Secret | undefined {
    return this.#read(fields, name, 'Secret');
  }

  /** What `{ secret: { name, key } }` or `{ configMap: { name, key } }` holds. */
  secretOrConfigMap(fields: Fields, name: string): Secret | undefined {
    const either = fields.map(name);
    if (either === undefined) return undefined;
    const secret = this.#read(either, 'secret', 'Secret');
    const configMap = this.#read(either, 'configMap', 'ConfigMap');
    if (secret !== undefined && configMap !== undefined) {
      fields.fail(name, 'expected at most one of secret and configMap, got both');
    }
    return secret ?? configMap;
  }

  /** A file's path. Throws when objects may not name files. */
  file(fields: Fields, name: string): string | undefined {
    const path = fields.text(name);
    if (path !== undefined && !this.context.allowFiles) {
      fields.fail(name, `objects may not name files here, got ${JSON.stringify(path)}`);
    }
    if (path?.startsWith(SERVICE_ACCOUNT) && this.context.access.kind !== 'in-cluster') {
      this.note(`${fields.path}.${name}: ${path} is only there for a pod of this cluster`);
    }
    return path;
  }

  #read(fields: Fields, name: string, kind: Reference['kind']): Secret | undefined {
    const selector = fields.map(name);
    if (selector === undefined) return undefined;
    // Says that a missing Secret is no error to a pod; there is nothing to log in with all the same.
    selector.boolean('optional');
    const objectName = selector.text('name');
    const key = selector.text('key');
    if (objectName === undefined) return undefined;
    const field = `${fields.path}.${name}`;
    if (!/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/.test(objectName)) {
      throw new FieldError(`${field}.name`, `expected the name of a ${kind}, got ${JSON.stringify(objectName)}`);
    }
    if (key === undefined) throw new FieldError(`${field}.key`, `expected a key of the ${kind}, got nothing`);
    const reference: Reference = { kind, namespace: this.namespace, name: objectName, key };
    this.references.push(reference);
    const resolved = this.context.references.resolve(reference);
    switch (resolved.state) {
      case 'known':
        if (resolved.problem !== undefined) {
          this.note(`${referencedObject(reference)}: ${resolved.problem}; what it held before is used`);
        }
        return resolved.value;
      case 'pending':
        this.isPending = true;
        return new Secret('');
      case 'failed':
        this.problem ??= `${field}: ${referencedObject(reference)}: ${resolved.problem}`;
        return new Secret('');
      default:
        return resolved satisfies never;
    }
  }
}
