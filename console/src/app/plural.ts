/** A count with its word: `1 pod`, `1,200 pods`; `many` where that is not the word and an s. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}
