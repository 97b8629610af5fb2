import type { KubeObject } from '../kube-object.ts';
import { badRequest } from './api-error.ts';

export type Predicate = (object: KubeObject) => boolean;

const LABEL_KEY = /^([a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?\/)?[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?$/;
const REQUIREMENT =
  /^\s*(?:(?<exists>!?)\s*(?<key>[^\s!=<>,()]+)\s*(?:(?<op>==|=|!=|>|<)\s*(?<value>[^\s,()=!<>]*)|\s(?<set>in|notin)\s*\((?<list>[^()]*)\))?)\s*(?:,|$)/;

/** A label selector in the API's form, such as `app=web,tier in (a, b),!canary`. Undefined when it selects everything. */
export function parseLabelSelector(text: string): Predicate | undefined {
  const tests: ((labels: Readonly<Record<string, string>>) => boolean)[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const match = REQUIREMENT.exec(rest);
    const { exists, key, op, value, set, list } = match?.groups ?? {};
    if (match === null || key === undefined || !LABEL_KEY.test(key) || (exists === '!' && (op ?? set) !== undefined)) {
      throw badRequest(`unable to parse requirement: found '${rest}', in label selector '${text}'`);
    }
    rest = rest.slice(match[0].length);
    tests.push(requirement({ negated: exists === '!', key, op, value, set, list }));
  }
  if (tests.length === 0) return undefined;
  return ({ metadata: { labels = {} } }) => tests.every((test) => test(labels));
}

interface Requirement {
  readonly negated: boolean;
  readonly key: string;
  readonly op: string | undefined;
  readonly value: string | undefined;
  readonly set: string | undefined;
  readonly list: string | undefined;
}

function requirement(given: Requirement): (labels: Readonly<Record<string, string>>) => boolean {
  const { negated, key, op, value = '', set, list = '' } = given;
  if (set !== undefined) {
    const values = new Set(list.split(',').map((item) => item.trim()));
    return set === 'in'
      ? (labels) => labels[key] !== undefined && values.has(labels[key])
      : (labels) => labels[key] === undefined || !values.has(labels[key]);
  }
  switch (op) {
    case undefined:
      return negated ? (labels) => labels[key] === undefined : (labels) => labels[key] !== undefined;
    case '!=':
      return (labels) => labels[key] !== value;
    case '>':
    case '<': {
      if (!/^-?\d+$/.test(value))
        throw badRequest(`for 'Gt', 'Lt' operators, the value must be an integer, got '${value}'`);
      const bound = Number(value);
      const holds = (label: string | undefined) => label !== undefined && /^-?\d+$/.test(label);
      return op === '>'
        ? (labels) => holds(labels[key]) && Number(labels[key]) > bound
        : (labels) => holds(labels[key]) && Number(labels[key]) < bound;
    }
    default:
      return (labels) => labels[key] === value;
  }
}

/** A LabelSelector object (`matchLabels`, `matchExpressions`) as text, as `kubectl` and the scale subresource show it. */
export function labelSelectorText(selector: unknown): string {
  const { matchLabels = {}, matchExpressions = [] } = (selector ?? {}) as {
    readonly matchLabels?: Record<string, string>;
    readonly matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
  };
  const parts = Object.entries(matchLabels).map(([key, value]): [string, string] => [key, `${key}=${value}`]);
  for (const { key, operator, values = [] } of matchExpressions) {
    const list = `(${[...values].sort().join(',')})`;
    if (operator === 'In') parts.push([key, `${key} in ${list}`]);
    else if (operator === 'NotIn') parts.push([key, `${key} notin ${list}`]);
    else parts.push([key, operator === 'Exists' ? key : `!${key}`]);
  }
  return parts
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, text]) => text)
    .join(',');
}

const POD_FIELDS = [
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.serviceAccountName',
  'spec.hostNetwork',
  'status.phase',
  'status.podIP',
  'status.nominatedNodeName',
];
const REFERENCE_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

/** The fields beside metadata.name and metadata.namespace that the real server selects by, per resource. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  pods: POD_FIELDS,
  nodes: ['spec.unschedulable'],
  namespaces: ['status.phase'],
  secrets: ['type'],
  events: [
    ...REFERENCE_FIELDS.flatMap((field) => [`involvedObject.${field}`, `regarding.${field}`]),
    'reason',
    'reportingComponent',
    'reportingController',
    'source',
    'type',
  ],
  replicationcontrollers: ['status.replicas'],
  'replicasets.apps': ['status.replicas'],
  'jobs.batch': ['status.successful'],
  'certificatesigningrequests.certificates.k8s.io': ['spec.signerName'],
  services: ['spec.clusterIP', 'spec.type'],
};

/** Events are kept in the form of the core group. */
const STORED_NAMES: Readonly<Record<string, string>> = {
  reportingController: 'reportingComponent',
  source: 'source.component',
};

/** A field selector for the objects of a resource, such as `spec.nodeName=n1,status.phase!=Running`. */
export function parseFieldSelector(text: string, resource: string): FieldSelector | undefined {
  let name: string | undefined;
  let namespace: string | undefined;
  const tests: Predicate[] = [];
  for (const part of text.split(',')) {
    if (part.trim() === '') continue;
    const match = /^\s*([^=!\s]+?)\s*(==|=|!=)\s*(.*?)\s*$/.exec(part);
    if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    const [, field, op, value] = match as unknown as [string, string, string, string];
    const known = field === 'metadata.name' || field === 'metadata.namespace' || FIELDS[resource]?.includes(field);
    if (!known) throw badRequest(`field label not supported: ${field}`);
    if (op !== '!=' && field === 'metadata.name') name = value;
    if (op !== '!=' && field === 'metadata.namespace') namespace = value;
    const path = (STORED_NAMES[field] ?? field.replace(/^regarding\./, 'involvedObject.')).split('.');
    const wanted = op !== '!=';
    tests.push((object) => (fieldText(object, path) === value) === wanted);
  }
  if (tests.length === 0) return undefined;
  return { name, namespace, matches: (object) => tests.every((test) => test(object)) };
}

export interface FieldSelector {
  /** The one name, or namespace, that can match; undefined when any can. */
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly matches: Predicate;
}

function fieldText(object: KubeObject, path: readonly string[]): string {
  let value: unknown = object;
  for (const part of path) value = (value as Record<string, unknown> | undefined)?.[part];
  if (value !== undefined && value !== null) return String(value);
  const last = path.at(-1);
  return last === 'unschedulable' || last === 'hostNetwork' ? 'false' : last === 'replicas' ? '0' : '';
}
