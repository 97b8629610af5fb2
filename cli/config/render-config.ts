import { stringify } from 'yaml';
import type { PharosConfig } from './config.ts';
import { type FileSettings, fileShape } from './file-keys.ts';
import type { Shape } from './shape.ts';

/**
 * The configuration as YAML, for `/api/v1/status/config`: what was given and every fixed default, secrets as
 * `<secret>`. Keys that are not served are left out.
 */
export function renderConfig(config: PharosConfig): string {
  return config.rendered;
}

/** What the configuration keeps for renderConfig: text, because the settings still hold URLs with passwords. */
export function renderSettings(settings: { readonly [K in keyof FileSettings]: FileSettings[K] | undefined }): string {
  return stringify(plain(fileShape, settings), { lineWidth: 0 });
}

function plain(shape: Shape<unknown>, value: unknown): unknown {
  if (value === undefined) return undefined;
  switch (shape.kind) {
    case 'scalar':
      return shape.print(value);
    case 'list':
      return (value as readonly unknown[]).map((item) => plain(shape.of, item));
    case 'record':
      return Object.fromEntries(Object.entries(value as object).map(([name, item]) => [name, plain(shape.of, item)]));
    case 'map': {
      const printed: Record<string, unknown> = {};
      for (const [name, row] of Object.entries(shape.keys)) {
        const item = plain(row.shape, (value as Record<string, unknown>)[name]);
        if (item !== undefined && !isVoid(item)) printed[name] = item;
      }
      return printed;
    }
    case 'anything':
      return undefined;
    default:
      return shape satisfies never;
  }
}

/** Empty lists and sections only make the text long. */
function isVoid(item: unknown): boolean {
  return typeof item === 'object' && item !== null && Object.keys(item).length === 0;
}
