import { existsSync } from 'node:fs';

/** Where a Chromium is: PHAROS_CHROMIUM, or the usual place; undefined when there is none. */
export function findChromium(environment: NodeJS.ProcessEnv): string | undefined {
  return [environment.PHAROS_CHROMIUM, '/usr/bin/chromium'].find((one) => one !== undefined && existsSync(one));
}
