import type { ComponentType } from 'react';
import { PAGE_MODULES } from './page-modules.ts';

type Load = () => Promise<{ readonly default: ComponentType }>;

const LOADS: Readonly<Record<string, Load>> = import.meta.glob<{ default: ComponentType }>('../pages/*/*-page.tsx');
const loaded = new Map<string, ComponentType>();

/** The page of a module below `pages/` when it has been loaded; undefined otherwise. */
export function loadedPage(module: string): ComponentType | undefined {
  return loaded.get(module);
}

/** Loads the page of a module below `pages/`, once. Rejects when it cannot be had. */
export async function loadPage(module: string): Promise<ComponentType> {
  const page = loaded.get(module) ?? (await LOADS[`../pages/${module}.tsx`]!()).default;
  loaded.set(module, page);
  return page;
}

/** The module of the page at an address; undefined when it leads nowhere. */
export function moduleAt(pathname: string): string | undefined {
  return Object.entries(PAGE_MODULES).find(([path]) => pattern(path).test(pathname))?.[1];
}

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}/?$`);
}
