/** A resource's group and plural name, which errors and keys are made of. */
export interface ResourceNames {
  /** '' is the core group. */
  readonly group: string;
  readonly plural: string;
}

/** `plural.group`, or `plural` in the core group: how the store and error messages name a resource. */
export function qualifiedName({ group, plural }: ResourceNames): string {
  return group === '' ? plural : `${plural}.${group}`;
}
