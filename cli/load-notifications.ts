import path from 'node:path';
import type { NotifyConfiguration } from '../alerting/notify/configuration/configuration.ts';
import {
  type ConfigurationSource,
  parseNotifyConfiguration,
  parseSimpleConfiguration,
} from '../alerting/notify/configuration/parse-configuration.ts';
import { simpleConfiguration } from '../alerting/notify/configuration/simple-configuration.ts';
import type { IntegrationRegistry, NotificationTemplates } from '../alerting/notify/integration.ts';
import { type FileProblem, formatFileProblems } from '../alerting/yaml-reader.ts';
import type { PharosConfig } from './config/config.ts';
import { glob } from './config/glob.ts';
import { readText } from './read-text.ts';

/** Who is told of what, and in which words. */
export interface LoadedNotifications {
  readonly configuration: NotifyConfiguration;
  readonly templates: NotificationTemplates;
}

/** Keys of the section `notification` that the configuration itself reads. */
const OTHERS = ['external_url', 'config_file'];

/** Reads what the configuration says of notifications. Rejects with one Error that lists every problem with its place. */
export async function loadNotifications(
  config: PharosConfig,
  integrations: IntegrationRegistry,
): Promise<LoadedNotifications> {
  const { configuration, problems } = await readConfiguration(config, integrations);
  if (configuration === undefined) throw new Error(formatFileProblems(problems));
  const files: { file: string; text: string }[] = [];
  for (const file of new Set((await Promise.all(configuration.templates.map(glob))).flat())) {
    files.push({ file, text: await readText(file) });
  }
  const compiled = integrations.templates(files);
  if (compiled.problems.length > 0) throw new Error(formatFileProblems(compiled.problems));
  return { configuration, templates: compiled.templates };
}

async function readConfiguration(
  { file, notification }: PharosConfig,
  integrations: IntegrationRegistry,
): Promise<{ readonly configuration: NotifyConfiguration | undefined; readonly problems: readonly FileProblem[] }> {
  const { configFile } = notification;
  if (configFile !== undefined) return parseNotifyConfiguration(await sourceOf(configFile), integrations);
  if (file === undefined) return { configuration: simpleConfiguration([]), problems: [] };
  const source = { ...(await sourceOf(file)), under: 'notification' };
  return parseSimpleConfiguration(source, integrations, OTHERS);
}

async function sourceOf(file: string): Promise<ConfigurationSource> {
  return { file, directory: path.dirname(file), text: await readText(file) };
}
