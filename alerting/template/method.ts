import type { Value } from './value.ts';

/** What a template may call on a value: `.Labels.Remove .GroupLabels.Names`. */
export interface Method {
  /** How many arguments it takes. */
  readonly arity: number;
  /** Throws a ValueError when the arguments do not suit. */
  call(self: Value, args: readonly Value[]): Value;
}

export type Methods = ReadonlyMap<string, Method>;

/** The methods of a Go type, each given a value of that type: whoever attaches the table to values sees to that. */
export function methodsOf<T extends Value>(
  table: Readonly<Record<string, readonly [arity: number, call: (self: T, args: readonly Value[]) => Value]>>,
): Methods {
  return new Map(
    Object.entries(table).map(([name, [arity, call]]) => [name, { arity, call: call as Method['call'] }] as const),
  );
}
