/**
 * Files of policies: YAML with a list `policies`, or Kubernetes resources as they are given to kubectl. Reading is strict and
 * complete: every problem is reported with its place, and a file with a problem gives no policies at all.
 */
import type { WrittenPath } from '../written-form.ts';
import { type YamlDocument, YamlDocuments } from '../yaml-documents.ts';
import type { FileProblem } from '../yaml-reader.ts';
import type { AlertPolicy } from './policy.ts';
import { readResource } from './policy-resource.ts';
import { type PolicyContext, readPolicy } from './read-policy.ts';

export interface PolicyFileOptions extends PolicyContext {
  /** The file has other keys beside `policies`, which somebody else reads. Default: false, then they are problems. */
  readonly isPartOf?: boolean;
}

const MAX_POLICIES = 10_000;

/** The policies of a file, or all of its problems: one of the two lists is empty. `file` is only a name. */
export function parsePolicyFile(
  file: string,
  text: string,
  options: PolicyFileOptions,
): { policies: AlertPolicy[]; problems: readonly FileProblem[] } {
  const reader = new PolicyFileReader(new YamlDocuments(file, text), options);
  const { problems } = reader.yaml;
  return { policies: problems.length === 0 ? reader.policies : [], problems };
}

class PolicyFileReader {
  readonly policies: AlertPolicy[] = [];
  readonly yaml: YamlDocuments;
  readonly #options: PolicyFileOptions;
  readonly #ids = new Map<string, string>();

  constructor(yaml: YamlDocuments, options: PolicyFileOptions) {
    this.yaml = yaml;
    this.#options = options;
    for (const [i, document] of yaml.documents.entries()) {
      const { value } = document;
      if (value === null) continue;
      if (isMap(value) && 'kind' in value && 'apiVersion' in value && options.isPartOf !== true) {
        this.#resource(document, value);
      } else if (i === 0) {
        this.#list(document, value);
      } else {
        yaml.report(document, {
          path: [],
          message: 'expected one YAML document, or Kubernetes resources, got more',
        });
      }
    }
  }

  #list(document: YamlDocument, value: unknown): void {
    if (!isMap(value)) {
      this.yaml.report(document, { path: [], message: 'expected a map with the key "policies"' });
      return;
    }
    if (this.#options.isPartOf !== true) {
      for (const name of Object.keys(value)) {
        if (name !== 'policies') {
          const message = `unknown key ${JSON.stringify(name)}; expected "policies"`;
          this.yaml.report(document, { path: [name], message });
        }
      }
    }
    const { policies } = value;
    if (policies === undefined || policies === null) return;
    if (!Array.isArray(policies) || policies.length > MAX_POLICIES) {
      const given = Array.isArray(policies) ? String(policies.length) : 'something else';
      this.yaml.report(document, {
        path: ['policies'],
        message: `expected a list of at most ${MAX_POLICIES} policies, got ${given}`,
      });
      return;
    }
    for (const [i, given] of policies.entries()) {
      const path = ['policies', i];
      const source = this.yaml.sourceOf(document, path);
      const { policy, problems } = readPolicy(given, { ...this.#options, form: 'snake', source });
      for (const problem of problems) this.yaml.report(document, { ...problem, path: [...path, ...problem.path] });
      if (policy === undefined) continue;
      this.#add(policy, document, [...path, 'id']);
    }
  }

  #resource(document: YamlDocument, value: Readonly<Record<string, unknown>>): void {
    const source = this.yaml.sourceOf(document, []);
    const { policy, problems } = readResource(value, { ...this.#options, cluster: undefined, source });
    for (const problem of problems) this.yaml.report(document, problem);
    if (policy !== undefined) this.#add(policy, document, ['metadata', 'name']);
  }

  #add(policy: AlertPolicy, document: YamlDocument, path: WrittenPath): void {
    const other = this.#ids.get(policy.id);
    if (other !== undefined) {
      const message = `expected an id that no other policy has, got ${JSON.stringify(policy.id)}, which is that of ${other}`;
      this.yaml.report(document, { path, message });
    }
    this.#ids.set(policy.id, policy.source);
    this.policies.push(policy);
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
