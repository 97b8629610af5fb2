/**
 * Files of policies: YAML with a list `policies`, or Kubernetes resources as they are given to kubectl. Reading is strict and
 * complete: every problem is reported with its place, and a file with a problem gives no policies at all.
 */
import {
  type Document,
  isAlias,
  isNode,
  isScalar,
  isSeq,
  isMap as isYamlMap,
  LineCounter,
  parseAllDocuments,
} from 'yaml';
import type { FileProblem } from '../yaml-reader.ts';
import type { AlertPolicy } from './policy.ts';
import { type FieldProblem, fieldOf, type WrittenPath } from './policy-form.ts';
import { readResource } from './policy-resource.ts';
import { type PolicyContext, readPolicy } from './read-policy.ts';

export interface PolicyFileOptions extends PolicyContext {
  /** The file has other keys beside `policies`, which somebody else reads. Default: false, then they are problems. */
  readonly isPartOf?: boolean;
}

const MAX_CHARACTERS = 16 * 1024 * 1024;
const MAX_POLICIES = 10_000;
const MAX_ALIASES = 1_000;

/** The policies of a file, or all of its problems: one of the two lists is empty. `file` is only a name. */
export function parsePolicyFile(
  file: string,
  text: string,
  options: PolicyFileOptions,
): { policies: AlertPolicy[]; problems: FileProblem[] } {
  const reader = new PolicyFileReader(file, options);
  reader.read(text);
  const problems = reader.problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return { policies: problems.length === 0 ? reader.policies : [], problems };
}

class PolicyFileReader {
  readonly policies: AlertPolicy[] = [];
  readonly problems: FileProblem[] = [];
  readonly #file: string;
  readonly #options: PolicyFileOptions;
  readonly #lines = new LineCounter();
  readonly #ids = new Map<string, string>();

  constructor(file: string, options: PolicyFileOptions) {
    this.#file = file;
    this.#options = options;
  }

  read(text: string): void {
    if (text.length > MAX_CHARACTERS) {
      this.#report(0, '', `expected a file of at most ${MAX_CHARACTERS} characters, got ${text.length}`);
      return;
    }
    const documents = parseAllDocuments(text, { lineCounter: this.#lines, prettyErrors: false, merge: true });
    if (!Array.isArray(documents)) return;
    for (const document of documents) {
      // What follows the first fault of syntax mostly follows from it.
      const [error] = document.errors;
      if (error !== undefined) {
        this.#report(error.pos[0], '', `invalid YAML: ${error.message.split('\n')[0]}`);
        return;
      }
    }
    for (const [i, document] of documents.entries()) {
      const value = this.#plain(document);
      if (value === undefined || value === null) continue;
      if (isMap(value) && 'kind' in value && 'apiVersion' in value && this.#options.isPartOf !== true) {
        this.#resource(document, value);
      } else if (i === 0) {
        this.#list(document, value);
      } else {
        this.#report(this.#offset(document, []), '', 'expected one YAML document, or Kubernetes resources, got more');
      }
    }
  }

  /** Undefined after a problem. */
  #plain(document: Document.Parsed): unknown {
    try {
      return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
    } catch (error) {
      // Of aliases: too many, or of what is not there.
      this.#report(document.range[0], '', `invalid YAML: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  #list(document: Document.Parsed, value: unknown): void {
    if (!isMap(value)) {
      this.#report(document.range[0], '', 'expected a map with the key "policies"');
      return;
    }
    if (this.#options.isPartOf !== true) {
      for (const name of Object.keys(value)) {
        if (name !== 'policies')
          this.#at(document, { path: [name], message: `unknown key ${JSON.stringify(name)}; expected "policies"` });
      }
    }
    const { policies } = value;
    if (policies === undefined || policies === null) return;
    if (!Array.isArray(policies) || policies.length > MAX_POLICIES) {
      const given = Array.isArray(policies) ? String(policies.length) : 'something else';
      this.#at(document, {
        path: ['policies'],
        message: `expected a list of at most ${MAX_POLICIES} policies, got ${given}`,
      });
      return;
    }
    for (const [i, given] of policies.entries()) {
      const path = ['policies', i];
      const source = `${this.#file}:${this.#placeOf(document, path).line}`;
      const { policy, problems } = readPolicy(given, { ...this.#options, form: 'snake', source });
      for (const problem of problems) this.#at(document, { ...problem, path: [...path, ...problem.path] });
      if (policy === undefined) continue;
      this.#add(policy, document, [...path, 'id']);
    }
  }

  #resource(document: Document.Parsed, value: Readonly<Record<string, unknown>>): void {
    const source = `${this.#file}:${this.#placeOf(document, []).line}`;
    const { policy, problems } = readResource(value, { ...this.#options, cluster: undefined, source });
    for (const problem of problems) this.#at(document, problem);
    if (policy !== undefined) this.#add(policy, document, ['metadata', 'name']);
  }

  #add(policy: AlertPolicy, document: Document.Parsed, path: WrittenPath): void {
    const other = this.#ids.get(policy.id);
    if (other !== undefined) {
      const message = `expected an id that no other policy has, got ${JSON.stringify(policy.id)}, which is that of ${other}`;
      this.#at(document, { path, message });
    }
    this.#ids.set(policy.id, policy.source);
    this.policies.push(policy);
  }

  #at(document: Document.Parsed, { path, message }: FieldProblem): void {
    this.#report(this.#offset(document, path), fieldOf(path), message);
  }

  #report(offset: number, field: string, message: string): void {
    const { line, col } = this.#lines.linePos(offset);
    this.problems.push({ file: this.#file, line: line || 1, column: col || 1, field, message });
  }

  #placeOf(document: Document.Parsed, path: WrittenPath): { readonly line: number } {
    return { line: this.#lines.linePos(this.#offset(document, path)).line || 1 };
  }

  /** Where a key is written; of one that is not written where the nearest one around it is. */
  #offset(document: Document.Parsed, path: WrittenPath): number {
    let node: unknown = document.contents;
    let offset = document.contents?.range[0] ?? document.range[0];
    for (const part of path) {
      if (isAlias(node)) node = node.resolve(document);
      const pair = isYamlMap(node)
        ? node.items.find(({ key }) => isScalar(key) && String(key.value) === part)
        : undefined;
      const item = isSeq(node) && typeof part === 'number' ? node.items[part] : undefined;
      const written: unknown = pair?.key ?? item;
      if (!isNode(written)) break;
      offset = written.range?.[0] ?? offset;
      node = pair === undefined ? item : pair.value;
    }
    return offset;
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
