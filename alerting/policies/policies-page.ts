import type { z } from 'zod';
import { z as zod } from 'zod';
import { formatDuration } from '../duration.ts';
import { partOf, writtenName } from '../written-form.ts';
import { POLICY_DEFINITION, POLICY_LIMITS } from './policy-definition.ts';
import { POLICY_EXAMPLES } from './policy-examples.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
}

/** The page `docs/policies.md`, made from the definition that also reads policies. */
export function policiesPage(): string {
  const schema = zod.toJSONSchema(POLICY_DEFINITION, { io: 'input', target: 'openapi-3.0' }) as Schema;
  const sections = [...mapsOf(POLICY_DEFINITION, schema, '')].map(({ path, type, part }) => section(path, type, part));
  return [INTRODUCTION, ...sections, LIMITS, RESOURCES, API, EXAMPLES].join('\n');
}

interface Found {
  readonly path: string;
  readonly type: z.ZodType;
  readonly part: Schema;
}

/** Every map of keys, the outermost first. */
function* mapsOf(type: z.ZodType, part: Schema, path: string, told = new Set<string>()): Generator<Found> {
  const known = partOf(type);
  if (known.kind === 'list') {
    yield* mapsOf(known.of, part.items!, `${path}[]`, told);
  } else if (known.kind === 'map') {
    yield { path, type, part };
    for (const [name, inner] of Object.entries(known.shape)) {
      const below = `${path}${path === '' ? '' : '.'}${writtenName(name, 'snake')}`;
      // Once is enough for what is the same everywhere.
      if (told.has(name)) continue;
      if (SAME.has(name)) told.add(name);
      yield* mapsOf(inner, part.properties![name]!, below, told);
    }
  }
}

/** Keys that mean the same wherever they stand. */
const SAME: ReadonlySet<string> = new Set(['objects', 'thresholds', 'recoveryThresholds']);

function section(path: string, type: z.ZodType, part: Schema): string {
  const known = partOf(type);
  const keys = known.kind === 'map' ? Object.keys(known.shape) : [];
  const rows = keys.map((name) => {
    const key = part.properties![name]!;
    const snake = writtenName(name, 'snake');
    const both = snake === name ? `\`${snake}\`` : `\`${snake}\` (\`${name}\`)`;
    return `| ${both} | ${kindOf(key)} | ${presence(key, part.required?.includes(name) ?? false)} | ${key.description ?? ''} |`;
  });
  const title = path === '' ? 'A policy' : `\`${path}\``;
  return [`## ${title}`, '', '| key | value | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n');
}

function presence(key: Schema, isRequired: boolean): string {
  if (isRequired) return 'required';
  const { default: value } = key;
  if (value === undefined || value === '') return '';
  if (typeof value === 'object') return '';
  return `\`${String(value)}\``;
}

function kindOf(key: Schema): string {
  if (key.enum !== undefined) return key.enum.map((name) => `\`${name}\``).join(', ');
  switch (key.type) {
    case 'string':
      return key.pattern?.includes('y|w|d|h') ? 'duration' : 'text';
    case 'boolean':
      return '`true`, `false`';
    case 'integer':
      return `whole number, ${key.minimum} to ${key.maximum}`;
    case 'number':
      return 'number';
    case 'array':
      return key.items!.type === 'object' ? 'list, see below' : `list of ${kindOf(key.items!)}`;
    case 'object': {
      if (key.properties !== undefined) return 'keys, see below';
      const of = key.additionalProperties;
      return typeof of === 'object' ? `names with a ${kindOf(of)}` : 'names';
    }
    default:
      throw new Error(`the reference has no word for ${JSON.stringify(key)}`);
  }
}

const INTRODUCTION = `# Alert policies

A policy says of which objects (pods, nodes, ...) which conditions on the [k8s_* metrics](k8s-metrics.md) are worth an alert, how bad it
is, and who is told how often. Each object is an alert of its own. A policy is written in one of three ways, which mean the same:

- in files of the configuration, as a list \`policies\`, with names in snake case (\`no_data\`);
- as a Kubernetes resource: an \`AlertPolicy\` (\`alerting.pharos.dev/v1\`) about objects of its own namespace, or a
  \`ClusterAlertPolicy\` about anything in its cluster; the keys below stand in \`spec\`, in camel case (\`noData\`), but for \`id\`, which comes
  from the resource's name, and \`name\`, which is the resource's name by default;
- over the JSON API, \`/api/v1/policies\`, with names in camel case.

\`pharos check policies FILE...\` checks files and manifests of resources. Every key that is not known is an error. Durations are texts
such as \`30s\`, \`5m\`, \`1h30m\` or \`1d\`.

The value of a condition is the statistic over a whole period; periods end at multiples of their length since 1970 (UTC), and a policy is
looked at when the samples of a period have arrived. A condition with \`periods: 3\` is met at the end of the third
period in a row that is breached, no sooner and no later; with \`out_of: 5\` when three of the last five are. Of several thresholds the highest one that is breached is the alert's
severity, the label \`severity\`; when it changes, the alert stays the same one. The label \`policy\` is the policy's id, by which silences and
routes tell it from rules and policies of the same name: \`amtool silence add alertname=NodeMemory policy=node-memory\`.

Whoever may write an AlertPolicy in a namespace gets to know of nothing else: it selects objects of its own namespace and cluster only,
its templates cannot query, and it names receivers that the configuration has. What is wrong with a resource is in its status, and
as long as it is wrong its last good version since the start stays in force.

Notice frequencies of Tencent Kubernetes Engine are \`repeat: {kind: once}\`, \`{kind: every, interval: 5m}\` up to
\`24h\`, and \`{kind: exponential}\`.

In the tables the name in camel case is added where it differs.
`;

const LIMITS = `## Limits

A policy has at most ${POLICY_LIMITS.conditions} conditions, ${POLICY_LIMITS.overrides} overrides, ${POLICY_LIMITS.receivers} receivers, and ${POLICY_LIMITS.labels} labels and annotations each; a list of values at most
${POLICY_LIMITS.values}. A period is 10s to 1d, and a day is a whole number of periods; a condition looks at ${POLICY_LIMITS.periods} of them at most, and back over
${formatDuration(POLICY_LIMITS.lookBack)}. Labels that Pharos sets (\`alertname\`, \`severity\`, \`policy\`
and the labels of the object) cannot be set otherwise. A metric whose name begins
with \`k8s_\` must be one of the catalogue at the policy's level, unless \`custom: true\` says that it is somebody else's.
`;

const RESOURCES = `## Kubernetes resources

\`kubectl apply -f deploy/crd-alertpolicy.yaml -f deploy/rbac-policies.yaml\` makes them known and lets Pharos read them and write their
status. A policy is about the cluster that it is in.

\`\`\`yaml
apiVersion: alerting.pharos.dev/v1
kind: AlertPolicy
metadata: {name: cpu, namespace: shop}
spec:
  level: pod
  conditions:
    - {metric: k8s_pod_rate_cpu_core_used_limit, operator: gt, threshold: 90, periods: 3}
  noData: {mode: alert, after: 10m}
  notice: {receivers: [shop], repeat: {kind: every, interval: 30m}}
\`\`\`

\`kubectl get alertpolicies,clusteralertpolicies -A -o wide\` says which are accepted, how many of their alerts fire, and what is
wrong with the others.
`;

const API = `## The JSON API

Answers have Prometheus' envelope, \`{"status": "success", "data": ...}\`. What is written in files or in Kubernetes can be read here, and
changed only there.

| request | what it does |
|---|---|
| \`GET /api/v1/policies\` | The policies of all sources with what has become of them. \`level\`, \`origin\` (\`files\`, \`api\`, \`kubernetes\`), \`severity\`, \`metric\`, \`enabled\`, \`firing\` and \`search\` select; \`sort\` is \`id\`, \`name\`, \`level\`, \`origin\`, \`updatedAt\`, \`firing\` or \`severity\`, with a minus for the largest first; \`limit\` (100, at most 1000) and \`offset\` cut. |
| \`POST /api/v1/policies\` | Adds one: 201, with its id (made of the name when there is none) and its version as ETag. |
| \`GET /api/v1/policies/ID\` | One policy; the ETag is its version. |
| \`PUT /api/v1/policies/ID\` | Replaces it. \`If-Match\` must be the ETag of the version that was seen: 428 without, 412 when somebody else was faster. |
| \`DELETE /api/v1/policies/ID\` | Deletes it, with \`If-Match\` as well. |
| \`GET /api/v1/policies/ID/versions\` | Who wrote what, and when, the newest first; also of one that was deleted. |
| \`GET /api/v1/policies/ID/state\` | The objects that are not fine: state (\`pending\`, \`firing\`, \`noData\`), severity, value and since when. \`state\` selects. |
| \`POST /api/v1/policies/preview?days=N\` | A dry run of a policy that need not be there: what would fire now, and each time that it would have fired in the last N days (1, at most 31). With \`Accept: application/x-ndjson\` lines say how far it is, and the last one is the answer. |
| \`POST /api/v1/policies/convert\` | Of a policy the YAML documents that mean the same, \`file\` for \`policy_files\` and \`resource\` for kubectl, without what is as by default; of \`{"yaml": "..."}\` with one of them the \`policy\`. Nothing is stored. |

A policy that is wrong is refused with 400 and all of its faults, \`{"errors": [{"field": "conditions[0].period", "message": ...}]}\`. Bodies
must have the type application/json, and pages of other sites are refused. Who writes is what the header X-Pharos-Author says, or
X-Forwarded-User or X-Remote-User of a proxy that knows its users.
`;

const EXAMPLES = `## Examples

Each is one item of the list \`policies\` in a file. The receivers that some of them name must be in the configuration.

${POLICY_EXAMPLES.map(({ title, text, yaml }) => `### ${title}\n\n${text}\n\n\`\`\`yaml\npolicies:\n${indented(yaml)}\`\`\`\n`).join('\n')}`;

function indented(yaml: string): string {
  return yaml.trim().replace(/^(?=.)/gm, '  ') + '\n';
}
