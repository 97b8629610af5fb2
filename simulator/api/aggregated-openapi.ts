import type { Aggregation } from './aggregation.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Adds what aggregated servers say of themselves in `/openapi/v2`; of two who say the same name the first one counts. */
export async function withAggregatedV2(document: Fields, aggregation: Aggregation): Promise<Fields> {
  const merged = {
    ...document,
    paths: { ...fields(document.paths) },
    definitions: { ...fields(document.definitions) },
  };
  for (const text of await answers(aggregation, '/openapi/v2')) {
    const { paths, definitions } = parsed(text);
    merged.paths = { ...onlyOf(aggregation, fields(paths)), ...merged.paths };
    merged.definitions = { ...fields(definitions), ...merged.definitions };
  }
  return merged;
}

/** Adds the documents that aggregated servers have, to the list of `/openapi/v3`. */
export async function withAggregatedV3(document: Fields, aggregation: Aggregation): Promise<Fields> {
  let paths = fields(document.paths);
  for (const text of await answers(aggregation, '/openapi/v3')) {
    paths = { ...onlyOf(aggregation, fields(parsed(text).paths)), ...paths };
  }
  return { ...document, paths };
}

/** One answer of each server that answers, though it may serve several groups. */
async function answers(aggregation: Aggregation, path: string): Promise<readonly string[]> {
  const found = await Promise.all(aggregation.versions().map((version) => aggregation.fetch(version, path)));
  return [...new Set(found.filter((text) => text !== undefined))];
}

/** Only the paths of groups and versions that are registered: the others are no other server's. */
function onlyOf(aggregation: Aggregation, paths: Fields): Fields {
  return Object.fromEntries(
    Object.entries(paths).filter(([path]) => {
      const [, group = '', version = ''] = /^\/?apis\/([^/]+)\/([^/]+)/.exec(path) ?? [];
      return aggregation.has(group, version);
    }),
  );
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function parsed(text: string): Fields {
  try {
    return fields(JSON.parse(text));
  } catch {
    return {};
  }
}
