import { SECTIONS } from '../app/sections.ts';
import { filteredPath } from '../objects/filtered-path.ts';
import { type Destination, meant } from './destination.ts';
import { type Found, SOURCES, type Source } from './sources.ts';

/** Destinations of a kind. */
export interface DestinationGroup {
  readonly title: string;
  readonly destinations: readonly Destination[];
}

/** How many of a kind are shown; a list has the others. */
const SHOWN = 5;

const PLACES: readonly Destination[] = SECTIONS.map(({ path, title, key }) => ({
  kind: 'section',
  name: title,
  detail: `g ${key}`,
  href: path,
}));

/** What a text means, by kinds, as far as it has been found; the sections for ''. */
export function groupsOf(text: string, found: ReadonlyMap<Source, Found>): readonly DestinationGroup[] {
  const sections = { title: 'Sections', destinations: text.trim() === '' ? PLACES : meant(PLACES, text) };
  const objects = SOURCES.map((source) => ({
    title: source.title,
    destinations: text.trim() === '' ? [] : fewOf(source, text, found.get(source)),
  }));
  return [sections, ...objects].filter(({ destinations }) => destinations.length > 0);
}

/** The first few, and the list that has the others. */
function fewOf({ kind, title, page }: Source, text: string, found: Found | undefined): readonly Destination[] {
  if (found === undefined) return [];
  const all = meant([...new Map(found.map((one) => [one.href, one])).values()], text);
  const shown = all.slice(0, SHOWN);
  if (page === undefined || all.length <= SHOWN) return shown;
  // Of all clusters, as what was found.
  const href = filteredPath(page, { filter: text.trim(), cluster: '' });
  return [...shown, { kind, name: `More in ${title}`, detail: '', href }];
}
