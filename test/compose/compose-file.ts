import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** A service of a compose file, in the form in which it is run or checked. */
export interface ComposeService {
  readonly name: string;
  readonly image: string;
  /** After the image's entry point. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What is published on the machine. */
  readonly ports: readonly { readonly host: string; readonly published: number; readonly target: number }[];
  /** Where it listens for other services only. */
  readonly expose: readonly number[];
  readonly mounts: readonly ComposeMount[];
  readonly secrets: readonly string[];
  readonly networks: readonly string[];
  /** The command that says whether it is well, without the leading CMD. */
  readonly health: readonly string[];
  /** Services that must be well before it starts. */
  readonly dependsOn: readonly string[];
  /** Everything, as it stands in the file with merges resolved. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** `source` is a path that begins with a dot, relative to the compose file, or the name of a volume. */
export interface ComposeMount {
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
}

export interface ComposeFile {
  readonly text: string;
  readonly services: ReadonlyMap<string, ComposeService>;
  readonly volumes: readonly string[];
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  /** The files that hold them. */
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

interface RawService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly expose?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly networks?: readonly string[];
  readonly healthcheck: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

/** Reads a compose file that is written in the forms which ours uses; throws with what is written otherwise. */
export function readComposeFile(file: string): ComposeFile {
  const text = readFileSync(file, 'utf8');
  const raw = parse(text, { merge: true }) as {
    readonly services: Readonly<Record<string, RawService>>;
    readonly volumes: Readonly<Record<string, unknown>>;
    readonly networks: ComposeFile['networks'];
    readonly secrets: ComposeFile['secrets'];
  };
  return {
    text,
    services: new Map(Object.entries(raw.services).map(([name, service]) => [name, readService(name, service)])),
    volumes: Object.keys(raw.volumes),
    networks: raw.networks,
    secrets: raw.secrets,
  };
}

function readService(name: string, service: RawService): ComposeService {
  const [kind, ...health] = service.healthcheck.test;
  if (kind !== 'CMD') throw new Error(`the health check of ${name} must be a CMD, got ${kind}`);
  return {
    name,
    image: service.image,
    command: service.command ?? [],
    environment: service.environment ?? {},
    ports: (service.ports ?? []).map((port) => readPort(name, port)),
    expose: (service.expose ?? []).map(Number),
    mounts: (service.volumes ?? []).map((mount) => {
      const [source = '', target = '', mode] = mount.split(':');
      return { source, target, isReadOnly: mode === 'ro' };
    }),
    secrets: service.secrets ?? [],
    networks: service.networks ?? [],
    health,
    dependsOn: Object.entries(service.depends_on ?? {}).map(([other, { condition }]) => {
      if (condition !== 'service_healthy')
        throw new Error(`${name} must wait until ${other} is well, got ${condition}`);
      return other;
    }),
    raw: service as unknown as Readonly<Record<string, unknown>>,
  };
}

function readPort(name: string, port: string): ComposeService['ports'][number] {
  const [, host, published, target] = /^([\d.]+):(\d+):(\d+)$/.exec(port) ?? [];
  if (host === undefined) throw new Error(`a port of ${name} must be ADDRESS:PORT:PORT, got ${port}`);
  return { host, published: Number(published), target: Number(target) };
}
