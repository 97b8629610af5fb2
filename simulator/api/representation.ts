import type { KubeObject } from '../kube-object.ts';
import { ApiError } from './api-error.ts';
import type { ApiResource } from './resources.ts';
import { columnsOf, tableRow } from './table/table-columns.ts';

/** In which form a client wants objects: whole, only their metadata, or as the rows of a table that kubectl prints. */
export interface Representation {
  readonly form: 'object' | 'metadata' | 'table';
  /** `meta.k8s.io/v1` or an older version of it; only for the forms that are of that group. */
  readonly version: string;
  /** What stands beside a table's row. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
}

/** Reads the Accept header. Protobuf and CBOR are not spoken; real clients say that JSON will do, or are answered 406. */
export function negotiate(accept: string | undefined, query: URLSearchParams): Representation {
  const includeObject = query.get('includeObject') ?? 'Metadata';
  if (includeObject !== 'None' && includeObject !== 'Metadata' && includeObject !== 'Object') {
    throw new ApiError(400, 'BadRequest', `unrecognized includeObject value: "${includeObject}"`);
  }
  for (const range of (accept ?? '*/*').split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim());
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    const given = new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string]));
    const version = given.get('v') ?? 'v1';
    const as = given.get('as');
    if (as === undefined) return { form: 'object', version, includeObject };
    if (given.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) continue;
    if (as === 'Table') return { form: 'table', version, includeObject };
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') {
      return { form: 'metadata', version, includeObject };
    }
  }
  const message = 'only the following media types are accepted: application/json';
  throw new ApiError(406, 'NotAcceptable', message);
}

/** Writes objects of one resource in one representation. Everything is JSON text. */
export class ObjectWriter {
  /** The same for writers whose texts are the same. */
  readonly key: string;
  readonly #resource: ApiResource;
  readonly #as: Representation;
  readonly #now: () => number;

  constructor(resource: ApiResource, as: Representation, now: () => number) {
    this.#resource = resource;
    this.#as = as;
    this.#now = now;
    this.key = `${resource.group}/${resource.version}/${resource.plural} ${as.form} ${as.version} ${as.includeObject}`;
  }

  get isTable(): boolean {
    return this.#as.form === 'table';
  }

  /** One object as an answer or in a watch. `columns: false` leaves out a table's column definitions. */
  object(stored: KubeObject, options: { readonly columns?: boolean } = {}): string {
    switch (this.#as.form) {
      case 'object':
        return JSON.stringify(this.#served(stored));
      case 'metadata':
        return JSON.stringify({
          kind: 'PartialObjectMetadata',
          apiVersion: `meta.k8s.io/${this.#as.version}`,
          metadata: stored.metadata,
        });
      case 'table': {
        const { resourceVersion } = stored.metadata;
        const head = this.#tableHead({ resourceVersion }, options.columns !== false);
        return `${head}${this.item(stored)}]}`;
      }
    }
  }

  /** What stands before a list's items. */
  listHead(metadata: ListMetadata): string {
    switch (this.#as.form) {
      case 'object':
        return listHead(`${this.#resource.kind}List`, this.#apiVersion, metadata);
      case 'metadata':
        return listHead('PartialObjectMetadataList', `meta.k8s.io/${this.#as.version}`, metadata);
      case 'table':
        return this.#tableHead(metadata, true);
    }
  }

  /** One of a list's items; they are separated by commas. */
  item(stored: KubeObject): string {
    switch (this.#as.form) {
      case 'object': {
        const { kind, apiVersion, ...rest } = this.#served(stored);
        // The real server leaves both out of the items of a list, but for custom resources.
        return JSON.stringify(this.#resource.custom ? { apiVersion, kind, ...rest } : rest);
      }
      case 'metadata':
        return JSON.stringify({ metadata: stored.metadata });
      case 'table':
        return JSON.stringify({
          ...tableRow(this.#resource.stored, stored, this.#now()),
          ...(this.#as.includeObject !== 'None' && { object: this.#rowObject(stored) }),
        });
    }
  }

  /** An object without anything but what a bookmark has. */
  bookmark(resourceVersion: string, annotations: Readonly<Record<string, string>> | undefined): string {
    const metadata = {
      resourceVersion,
      creationTimestamp: null,
      ...(annotations !== undefined && { annotations }),
    };
    if (this.#as.form === 'table') {
      return `${this.#tableHead({ resourceVersion }, false)}{"cells":[],"object":${JSON.stringify({
        kind: 'PartialObjectMetadata',
        apiVersion: `meta.k8s.io/${this.#as.version}`,
        metadata,
      })}}]}`;
    }
    const partial = this.#as.form === 'metadata';
    return JSON.stringify({
      kind: partial ? 'PartialObjectMetadata' : this.#resource.kind,
      apiVersion: partial ? `meta.k8s.io/${this.#as.version}` : this.#apiVersion,
      metadata,
    });
  }

  get #apiVersion(): string {
    const { group, version } = this.#resource;
    return group === '' ? version : `${group}/${version}`;
  }

  #served(stored: KubeObject): KubeObject {
    const { conversion, kind } = this.#resource;
    const object = conversion === undefined ? stored : conversion.fromStored(stored);
    const apiVersion = this.#apiVersion;
    return object.kind === kind && object.apiVersion === apiVersion ? object : { ...object, kind, apiVersion };
  }

  #rowObject(stored: KubeObject): object {
    if (this.#as.includeObject === 'Object') return this.#served(stored);
    return {
      kind: 'PartialObjectMetadata',
      apiVersion: `meta.k8s.io/${this.#as.version}`,
      metadata: stored.metadata,
    };
  }

  #tableHead(metadata: ListMetadata, columns: boolean): string {
    const definitions = columns ? columnsOf(this.#resource.stored) : [];
    return `{"kind":"Table","apiVersion":"meta.k8s.io/${this.#as.version}","metadata":${JSON.stringify(
      metadata,
    )},"columnDefinitions":${JSON.stringify(definitions)},"rows":[`;
  }
}

export interface ListMetadata {
  readonly resourceVersion?: string | undefined;
  readonly continue?: string | undefined;
  readonly remainingItemCount?: number | undefined;
}

function listHead(kind: string, apiVersion: string, metadata: ListMetadata): string {
  return `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`;
}
