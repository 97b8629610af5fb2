import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../cli/config/load-config.ts';
import { type ComposeService, readComposeFile } from './compose-file.ts';
import { readImage } from './image.ts';

const root = path.join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const compose = readComposeFile(path.join(root, 'docker-compose.yml'));
const image = readImage(root);
const services = [...compose.services.values()];
const roles = services.filter(({ raw }) => raw.build !== undefined);
const manifest = JSON.parse(read('package.json')) as { version: string; scripts: Record<string, string> };

/** Where a service can be reached by others. */
const listensAt = ({ ports, expose }: ComposeService): readonly number[] => [
  ...ports.map(({ target }) => target),
  ...expose,
];

/** The environment variables and options that a role of the program knows, from where they are declared. */
function known(role: string): { readonly variables: readonly string[]; readonly options: readonly string[] } {
  const [common = '', ...commands] = read('cli/pharos.ts').split(/(?=program\.command\(|\n {2}withServerOptions\()/);
  const own = commands.find((text) => text.includes(`program.command('${role}')`));
  if (own === undefined) throw new Error(`there is no command ${role}`);
  const text = common + own;
  return {
    variables: [...text.matchAll(/\.env\(\s*'(\w+)'/g)].map(([, name]) => name!),
    options: [...text.matchAll(/'(--[\w-]+)/g)].map(([, name]) => name!),
  };
}

describe('docker-compose.yml', () => {
  it('starts ClickHouse, the roles and Grafana', () => {
    expect([...compose.services.keys()].sort()).toEqual(['alerting', 'clickhouse', 'collector', 'grafana', 'query']);
    expect(roles.map(({ command }) => command[0]).sort()).toEqual(['alerting', 'collector', 'query']);
  });

  it.each(services.map((service) => [service.name, service] as const))('confines %s', (_, { raw }) => {
    expect(raw).toMatchObject({
      restart: 'unless-stopped',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      mem_limit: expect.stringMatching(/^\d+[mg]$/),
      cpus: expect.any(Number),
    });
    expect(raw.privileged).toBeUndefined();
    expect(raw.network_mode).toBeUndefined();
    expect(String(raw.user)).not.toMatch(/^(0|root)(:|$)/);
  });

  it('publishes on loopback only, each port once, and nothing of ClickHouse', () => {
    const published = services.flatMap(({ ports }) => ports);
    expect(published.filter(({ host }) => host !== '127.0.0.1')).toEqual([]);
    expect(new Set(published.map((port) => port.published)).size).toBe(published.length);
    expect(compose.services.get('clickhouse')).toMatchObject({ ports: [], networks: ['store'] });
    expect(compose.networks.store).toEqual({ internal: true });
  });

  it('pins every image by version', () => {
    for (const name of [...services.map((service) => service.image), ...image.bases]) {
      expect(name).toMatch(/:\d+\.\d+\.\d+[\w.-]*$/);
    }
    expect(new Set(roles.map((role) => role.image))).toEqual(new Set([`pharos:${manifest.version}`]));
  });

  it('holds no password, nor does the configuration', () => {
    for (const { name, environment } of services) {
      for (const [variable, value] of Object.entries(environment)) {
        if (/PASSWORD|SECRET|TOKEN|KEY/.test(variable)) expect(`${name} ${variable}`).toMatch(/_FILE$/);
        expect(value).not.toMatch(/:\/\/[^/]*@/);
      }
    }
    expect(read('deploy/compose/pharos.yml')).not.toMatch(/^\s*(password|credentials|bearer_token):|:\/\/[^/\s]*@/m);
    for (const { file } of Object.values(compose.secrets)) {
      expect(read('.gitignore').split('\n')).toContain(`${path.basename(path.dirname(file))}/`);
    }
    // What is not named does not get into the image.
    expect(read('.dockerignore')).toMatch(/^\*$/m);
    expect(read('.dockerignore')).not.toMatch(/secrets/);
  });

  it('gives secrets to whom they are for, where they look for them', () => {
    const used = (service: ComposeService): string[] => {
      const text = JSON.stringify(service.raw) + (roles.includes(service) ? read('deploy/compose/pharos.yml') : '');
      return [...new Set([...text.matchAll(/\/run\/secrets\/([\w-]+)/g)].map(([, name]) => name!))];
    };
    for (const service of services) expect(used(service)).toEqual(service.secrets);
    expect(Object.keys(compose.secrets).sort()).toEqual(
      [...new Set(services.flatMap(({ secrets }) => secrets))].sort(),
    );
  });

  it('uses commands, options and environment variables that the program has', () => {
    for (const { command, environment } of roles) {
      const { variables, options } = known(command[0]!);
      expect(variables).toEqual(
        expect.arrayContaining(Object.keys({ ...image.environment, ...environment }).filter(isOurs)),
      );
      expect(options).toEqual(expect.arrayContaining(command.slice(1).filter((word) => word.startsWith('--'))));
    }
    // That it would be found if it did not.
    expect(known('collector').variables).not.toContain('PHAROS_ALERTING_URL');
    expect(() => known('collect')).toThrow();
  });

  it('lets services find each other', () => {
    const texts = services.flatMap(({ environment }) => Object.values(environment));
    const found = [...texts, read('deploy/compose/pharos.yml')].flatMap((text) => [
      ...text.matchAll(/(?<=\/\/|')([a-z]+):(\d+)/g),
    ]);
    expect(found.length).toBeGreaterThan(6);
    for (const [, name, port] of found) {
      expect(listensAt(compose.services.get(name!)!), `${name}:${port}`).toContain(Number(port));
    }
    for (const { name, dependsOn, networks } of services) {
      for (const other of dependsOn) {
        const theirs = compose.services.get(other)!.networks;
        expect(
          networks.some((network) => theirs.includes(network)),
          `${name} reaches ${other}`,
        ).toBe(true);
      }
    }
  });

  it('asks in health checks for what is served', () => {
    const served: Readonly<Record<string, string>> = { clickhouse: '/ping', grafana: '/api/health' };
    for (const service of services) {
      const [, port, asked] = /http:\/\/127\.0\.0\.1:(\d+)(\/[\w/-]+)/.exec(service.health.join(' '))!;
      expect(listensAt(service)).toContain(Number(port));
      expect(asked).toBe(served[service.name] ?? '/-/ready');
      if (roles.includes(service)) expect(service.health).toEqual(image.health);
    }
    expect(read('query/api/lifecycle-endpoints.ts')).toContain("scope.get('/-/ready'");
  });

  it('mounts what is there, and keeps what must stay in volumes', () => {
    for (const { name, mounts, raw } of services) {
      for (const { source, isReadOnly } of mounts) {
        if (!source.startsWith('.')) expect(compose.volumes).toContain(source);
        else expect(existsSync(path.join(root, source)) && isReadOnly, `${source} of ${name}`).toBe(true);
      }
      expect(raw.tmpfs).toBeDefined();
    }
    const kept = services
      .flatMap(({ mounts }) => mounts.map(({ source }) => source))
      .filter((name) => !name.startsWith('.'));
    expect(kept.sort()).toEqual([...compose.volumes].sort());
    for (const { environment, mounts } of roles) {
      expect(mounts.map(({ target }) => target)).toContain(environment.PHAROS_DATA_DIR);
    }
  });

  it('tells Grafana all that its provisioning asks for', () => {
    const { environment, mounts } = compose.services.get('grafana')!;
    const files = readdirSync(path.join(root, 'dashboards/provisioning'), { recursive: true, encoding: 'utf8' });
    const texts = files.filter((name) => name.endsWith('.yaml')).map((name) => read(`dashboards/provisioning/${name}`));
    const asked = texts.flatMap((text) => [...text.matchAll(/: \$(\w+)$/gm)].map(([, name]) => name!));
    expect(new Set(asked)).toEqual(new Set(Object.keys(environment).filter(isOurs)));
    const dashboards = mounts.find(({ target }) => target === environment.PHAROS_DASHBOARDS)!;
    const home = environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH!;
    expect(path.dirname(home)).toBe(environment.PHAROS_DASHBOARDS);
    expect(existsSync(path.join(root, dashboards.source, path.basename(home)))).toBe(true);
  });

  it('brings a configuration without mistakes', async () => {
    const { config, warnings } = await loadConfig(path.join(root, 'deploy/compose/pharos.yml'), { environment: {} });
    // Only that the secret is not there, outside of a container.
    expect(warnings.map(({ path: key }) => key)).toEqual(['storage.clickhouse.password_file']);
    expect(config.storage.clickhouse?.user).toBe(compose.services.get('clickhouse')!.environment.CLICKHOUSE_USER);
    for (const { mounts, environment } of roles) {
      const { source, target } = mounts.find(({ isReadOnly }) => isReadOnly)!;
      expect(existsSync(path.join(root, source, path.relative(target, environment.PHAROS_CONFIG!)))).toBe(true);
    }
  });
});

describe('Dockerfile', () => {
  it('starts the program as npm start does, and not as root', () => {
    expect(image.entrypoint.join(' ')).toBe(manifest.scripts.start);
    expect(image.user).toBe('node');
  });

  it('copies what is built from what .dockerignore lets in', () => {
    expect([...image.files].sort()).toEqual(['cli/start.cjs', 'dist', 'node_modules', 'package.json']);
    const lines = read('.dockerignore').split('\n');
    const built = (JSON.parse(read('tsconfig.build.json')) as { include: string[] }).include;
    const notNeeded = ['bench', 'test', 'dashboards'];
    for (const name of [...built.filter((folder) => !notNeeded.includes(folder)), 'console', 'package-lock.json']) {
      expect(lines).toContain(`!${name}`);
    }
    for (const name of notNeeded) expect(lines).not.toContain(`!${name}`);
  });
});

function isOurs(variable: string): boolean {
  return variable.startsWith('PHAROS_');
}
