import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of public rules or dashboards beside the checkout that this program is part of; undefined when there is none. */
export function findCorpus(part: 'rules' | 'dashboards'): string | undefined {
  for (let at = path.dirname(fileURLToPath(import.meta.url)); at !== path.dirname(at); at = path.dirname(at)) {
    const found = path.join(path.dirname(at), 'shared', 'corpus', 'kube-prometheus', part);
    if (existsSync(found)) return found;
  }
  return undefined;
}
