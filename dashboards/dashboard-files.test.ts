import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { dashboardFiles } from './dashboard-files.ts';

const directory = fileURLToPath(new URL('./json/', import.meta.url));

it('has every dashboard in dashboards/json as its source says: `npm run dashboards` writes them', () => {
  const written = new Map(readdirSync(directory).map((name) => [name, readFileSync(directory + name, 'utf8')]));
  const made = dashboardFiles();
  expect([...written.keys()].sort()).toEqual([...made.keys()].sort());
  const stale = [...made].filter(([name, text]) => written.get(name) !== text).map(([name]) => name);
  expect(stale).toEqual([]);
});
