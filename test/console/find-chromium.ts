import { existsSync } from 'node:fs';

/** Where a Chromium is: PHAROS_CHROMIUM, as of all programs of others that tests can use; undefined when there is none. */
export function findChromium(environment: NodeJS.ProcessEnv): string | undefined {
  const given = environment.PHAROS_CHROMIUM;
  return given !== undefined && existsSync(given) ? given : undefined;
}
