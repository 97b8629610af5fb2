/** A page, and those families of another one that it does not have. Text format, with a TYPE line before each family. */
export function joinPages(page: string, more: Buffer | undefined): string {
  if (more === undefined) return page;
  const known = new Set([...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const families = more.toString('latin1').split(/^(?=# HELP )/m);
  return page + families.filter((family) => !known.has(/^# TYPE (\S+)/m.exec(family)?.[1])).join('');
}
