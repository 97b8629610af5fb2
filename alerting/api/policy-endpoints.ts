import type { Logger } from 'pino';
import type { Clock } from '../../clock/clock.ts';
import type { AlertPolicy } from '../policies/policy.ts';
import type { PolicyEngine } from '../policies/policy-engine.ts';
import type { PolicySet } from '../policies/policy-set.ts';
import type { PolicyStore, StoredPolicy, WriteConflict } from '../policies/policy-store.ts';
import { policyYaml, readPolicyYaml } from '../policies/policy-yaml.ts';
import { type PolicyContext, readPolicy } from '../policies/read-policy.ts';
import { renderPolicy } from '../policies/render-policy.ts';
import { RESOURCE_PREFIX } from '../policies/resource-scope.ts';
import { fieldOf } from '../written-form.ts';
import type { FieldFault } from './api-error.ts';
import { DryRuns } from './dry-runs.ts';
import type { ApiAnswer, ApiRequest, ApiSection } from './endpoint.ts';
import { allPolicies, policyInForce, policyOfApi } from './listed-policy.ts';
import { PolicyError, policyFailure } from './policy-error.ts';
import { objectJson, policyJson, stateJson, timeJson } from './policy-json.ts';
import { count, listedPolicies, page } from './policy-list.ts';

export interface PolicyApiDeps {
  readonly policies: PolicySet;
  readonly store: PolicyStore;
  readonly engine: Pick<PolicyEngine, 'snapshots' | 'snapshot' | 'preview'>;
  /** What policies are checked against. */
  readonly context: () => PolicyContext;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MAX_BODY = 256 * 1024;
const DAY = 86_400_000;
const MAX_DAYS = 31;
const MAX_AUTHOR = 200;
/** A line of JSON for each step, and one for the result. */
const PROGRESS_TYPE = 'application/x-ndjson';

/** The policies under /api/v1/policies. */
export function policySection(deps: PolicyApiDeps): ApiSection {
  const policies = new PolicyEndpoints(deps);
  return {
    prefix: '/api/v1',
    failure: policyFailure,
    endpoints: [
      { method: 'GET', path: '/policies', handle: (request) => policies.list(request) },
      { method: 'POST', path: '/policies', maxBody: MAX_BODY, handle: (request) => policies.create(request) },
      { method: 'POST', path: '/policies/preview', maxBody: MAX_BODY, handle: (request) => policies.preview(request) },
      { method: 'POST', path: '/policies/convert', maxBody: MAX_BODY, handle: (request) => policies.convert(request) },
      { method: 'GET', path: '/policies/:id', handle: (request) => policies.get(request) },
      { method: 'PUT', path: '/policies/:id', maxBody: MAX_BODY, handle: (request) => policies.update(request) },
      { method: 'DELETE', path: '/policies/:id', handle: (request) => policies.delete(request) },
      { method: 'GET', path: '/policies/:id/versions', handle: (request) => policies.versions(request) },
      { method: 'GET', path: '/policies/:id/state', handle: (request) => policies.state(request) },
    ],
  };
}

class PolicyEndpoints {
  readonly #deps: PolicyApiDeps;
  readonly #dryRuns: DryRuns;

  constructor(deps: PolicyApiDeps) {
    this.#deps = deps;
    this.#dryRuns = new DryRuns(deps);
  }

  list({ query }: ApiRequest): ApiAnswer {
    if (!this.#deps.store.isRead) {
      throw new PolicyError('unavailable', 'the policies of the API cannot be read yet: the store does not answer');
    }
    const { policies, total } = listedPolicies(allPolicies(this.#deps), query);
    return success({ policies: policies.map(policyJson), total });
  }

  get({ params }: ApiRequest): ApiAnswer {
    const { policies, store } = this.#deps;
    const id = params.id!;
    const inForce = policies.get(id);
    const stored = store.get(id);
    // What is in force under the id counts; a policy of the API that is not has the reason with it.
    if (inForce !== undefined && policies.originOf(id) !== 'api') {
      return success({ ...policyJson(policyInForce(inForce, this.#deps)), policy: this.#written(inForce) });
    }
    if (stored === undefined) throw noSuch(id);
    return this.#answer(stored, 200);
  }

  async create(request: ApiRequest): Promise<ApiAnswer> {
    const { policies, store } = this.#deps;
    const given = postedObject(request);
    const policy = this.#read({ ...given, id: given.id ?? idOf(given.name) });
    const other = policies.get(policy.id);
    if (other !== undefined) throw exists(policy.id, other.source);
    const stored = await store.create(policy, authorOf(request), request.signal);
    if (typeof stored === 'string') throw refusal(stored, policy.id);
    const answer = this.#answer(stored, 201);
    return { ...answer, headers: { ...answer.headers, Location: `/api/v1/policies/${policy.id}` } };
  }

  async update(request: ApiRequest): Promise<ApiAnswer> {
    const id = request.params.id!;
    const version = await this.#wantedVersion(id, request);
    const given = postedObject(request);
    if (given.id !== undefined && given.id !== id) {
      const message = `expected the id of the path, ${JSON.stringify(id)}, got ${JSON.stringify(given.id)}: an id stays`;
      throw new PolicyError('bad_data', `id: ${message}`, { faults: [{ field: 'id', message }] });
    }
    const policy = this.#read({ ...given, id });
    const stored = await this.#deps.store.update(policy, version, authorOf(request), request.signal);
    if (typeof stored === 'string') throw refusal(stored, id);
    return this.#answer(stored, 200);
  }

  async delete(request: ApiRequest): Promise<ApiAnswer> {
    const id = request.params.id!;
    const version = await this.#wantedVersion(id, request);
    const result = await this.#deps.store.delete(id, version, authorOf(request), request.signal);
    if (result !== 'deleted') throw refusal(result, id);
    return success({ id });
  }

  async versions({ params, query, signal }: ApiRequest): Promise<ApiAnswer> {
    const { offset, limit } = page(query);
    const versions = await this.#deps.store.versions(params.id!, signal);
    if (versions.length === 0) throw noSuch(params.id!);
    return success({
      versions: versions.slice(offset, offset + limit).map(({ timestamp, ...version }) => ({
        ...version,
        timestamp: timeJson(timestamp),
      })),
      total: versions.length,
    });
  }

  state({ params, query }: ApiRequest): ApiAnswer {
    const { policies, store, engine } = this.#deps;
    const { offset, limit } = page(query);
    const id = params.id!;
    const policy = policies.get(id);
    if (policy === undefined && store.get(id) === undefined) throw noSuch(id);
    const snapshot = engine.snapshot(id);
    if (snapshot === undefined) return success({ isEvaluated: false, notFine: [], total: 0 });
    const states = query.getAll('state');
    const found = snapshot.notFine.filter(({ state }) => states.length === 0 || states.includes(state));
    return success({
      isEvaluated: true,
      ...stateJson(snapshot),
      notFine: found.slice(offset, offset + limit).map((object) => objectJson(object, policy)),
      total: found.length,
    });
  }

  preview(request: ApiRequest): ApiAnswer | Promise<ApiAnswer> {
    const days = count(request.query, 'days', { fallback: 1, min: 1, max: MAX_DAYS });
    const given = postedObject(request);
    const policy = this.#readUnkept({ ...given, id: given.id ?? idOf(given.name) ?? 'preview' });
    const to = this.#deps.clock.now();
    const run = this.#dryRuns.begin(policy, { from: to - days * DAY, to }, request.signal);
    const wantsProgress = String(request.headers.accept ?? '').includes(PROGRESS_TYPE);
    return wantsProgress ? { status: 200, pieces: run.lines(), contentType: PROGRESS_TYPE } : run.answer();
  }

  /** From JSON to the YAML documents, or back. */
  convert(request: ApiRequest): ApiAnswer {
    const given = postedObject(request);
    const context = this.#deps.context();
    if (typeof given.yaml !== 'string') {
      return success(policyYaml(this.#readUnkept({ ...given, id: given.id ?? idOf(given.name) }), context));
    }
    const { policy, problems } = readPolicyYaml(given.yaml, context);
    if (policy === undefined) throw refused(problems);
    const { id, ...written } = this.#written(policy);
    // The id of a resource is not one that a policy of the API can have.
    return success({ policy: policy.id.startsWith(RESOURCE_PREFIX) ? written : { id, ...written } });
  }

  #answer(stored: StoredPolicy, status: number): ApiAnswer {
    const written: unknown = stored.policy === undefined ? JSON.parse(stored.body) : this.#written(stored.policy);
    const answer = success({ ...policyJson(policyOfApi(stored, this.#deps)), policy: written });
    return { ...answer, status, headers: { ETag: etagOf(stored) } };
  }

  #written(policy: AlertPolicy): Readonly<Record<string, unknown>> {
    return renderPolicy(policy, { form: 'camel', catalogue: this.#deps.context().catalogue });
  }

  /** A policy that is not to be kept. It may have the id of one of a resource that is in force, and is then of that resource. */
  #readUnkept(given: Readonly<Record<string, unknown>>): AlertPolicy {
    const { policies } = this.#deps;
    const { id } = given;
    const isResource = typeof id === 'string' && policies.originOf(id)?.startsWith('kubernetes/') === true;
    const resource = isResource ? policies.get(id) : undefined;
    if (resource === undefined) return this.#read(given);
    return { ...this.#read({ ...given, id: 'resource' }), id: resource.id, source: resource.source };
  }

  #read(given: unknown): AlertPolicy {
    const { policy, problems } = readPolicy(given, { ...this.#deps.context(), form: 'camel', source: 'api' });
    if (policy !== undefined) return policy;
    throw refused(problems.map(({ path, message }) => ({ field: fieldOf(path), message })));
  }

  /** The version that the request is to replace, which must be the newest one, as the client has seen it. */
  async #wantedVersion(id: string, { headers, signal }: ApiRequest): Promise<number> {
    const { store } = this.#deps;
    const header = headers['if-match'];
    const text = (typeof header === 'string' ? header : header?.[0])?.trim();
    let stored = this.#writable(id);
    if (text === undefined || text === '') {
      const message = 'expected the header If-Match with the ETag of the version that is to be replaced, got none';
      throw new PolicyError('precondition', message, { status: 428 });
    }
    if (text === '*') return stored.version;
    const tags = text.split(',').map((tag) => tag.trim());
    if (!tags.includes(etagOf(stored))) {
      // The client may have seen what another instance wrote.
      await store.load(signal);
      stored = this.#writable(id);
    }
    if (tags.includes(etagOf(stored))) return stored.version;
    const given = text.slice(0, 80);
    throw new PolicyError(
      'precondition',
      `expected the newest version in If-Match, ${etagOf(stored)}, got ${given}: it was changed meanwhile`,
    );
  }

  #writable(id: string): StoredPolicy {
    const { policies, store } = this.#deps;
    const stored = store.get(id);
    if (stored !== undefined) return stored;
    const other = policies.get(id);
    if (other === undefined) throw noSuch(id);
    const message = `the policy ${JSON.stringify(id)} is written in ${other.source}, and can only be changed there`;
    throw new PolicyError('conflict', message, { status: 403 });
  }
}

function success(data: object): ApiAnswer {
  return { status: 200, json: { status: 'success', data } };
}

/** Throws a PolicyError. */
function postedObject({ contentType, body }: ApiRequest): Readonly<Record<string, unknown>> {
  // A form on another site's page cannot have this type; a script there has to ask for permission, and gets none.
  if (contentType !== 'application/json') {
    const given = JSON.stringify(contentType);
    throw new PolicyError('bad_data', `expected the content type application/json, got ${given}`, { status: 415 });
  }
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (error) {
    throw new PolicyError('bad_data', `expected JSON, got a body with an error: ${(error as SyntaxError).message}`);
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    return json as Readonly<Record<string, unknown>>;
  }
  throw new PolicyError('bad_data', 'expected a JSON object, got something else');
}

function etagOf({ version }: StoredPolicy): string {
  return `"${version}"`;
}

/** Who writes, as far as a header says: of the client itself, or of a proxy that knows its users; '' for nobody. */
function authorOf({ headers }: ApiRequest): string {
  for (const name of ['x-pharos-author', 'x-forwarded-user', 'x-remote-user', 'remote-user']) {
    const header = headers[name];
    const text = (typeof header === 'string' ? header : header?.[0])?.replace(/\p{Cc}/gu, '').trim();
    if (text !== undefined && text !== '') return text.slice(0, MAX_AUTHOR);
  }
  return '';
}

/** An id made of a name, for whoever does not say one. */
function idOf(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined;
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  const id = words
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 80)
    .replace(/^-+|-+$/g, '');
  return id === '' ? undefined : id;
}

function refused(faults: readonly FieldFault[]): PolicyError {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  const place = first!.field === '' ? '' : `${first!.field}: `;
  return new PolicyError('bad_data', `${place}${first!.message}${more}`, { faults });
}

function noSuch(id: string): PolicyError {
  return new PolicyError('not_found', `there is no policy ${JSON.stringify(id.slice(0, 100))}`);
}

function exists(id: string, source: string): PolicyError {
  const message = `expected an id that no other policy has, got ${JSON.stringify(id)}, which is that of ${source}`;
  return new PolicyError('conflict', `id: ${message}`, { faults: [{ field: 'id', message }] });
}

function refusal(conflict: WriteConflict, id: string): PolicyError {
  switch (conflict) {
    case 'exists':
      return exists(id, 'api');
    case 'gone':
      return noSuch(id);
    case 'changed':
      return new PolicyError('precondition', `the policy ${JSON.stringify(id)} was changed by somebody else meanwhile`);
    case 'full':
      return new PolicyError('conflict', 'there are as many policies of the API as there can be; delete some');
    default:
      return conflict satisfies never;
  }
}
