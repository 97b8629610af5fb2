/** A name of Kubernetes, such as a label's key, as (a part of) a label's name: what may not stand there becomes an underscore. */
export function sanitizeLabelName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/gu, '_');
}
