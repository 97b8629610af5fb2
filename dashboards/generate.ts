// `npm run dashboards`: writes dashboards/json/, from the root of the checkout. What is no dashboard any more is removed.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { dashboardFiles } from './dashboard-files.ts';

const directory = path.join('dashboards', 'json');
const files = dashboardFiles();
await mkdir(directory, { recursive: true });
for (const name of await readdir(directory)) if (!files.has(name)) await rm(path.join(directory, name));
for (const [name, text] of files) await writeFile(path.join(directory, name), text);
console.log(`${files.size} dashboards in ${directory}`);
