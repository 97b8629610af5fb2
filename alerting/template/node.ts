/** Every node knows the offset (UTF-16) in the template's text where it began, for errors. */
interface At {
  readonly offset: number;
}

/** `$a, $b := command | command`. The value of a command is the last argument of the next. */
export interface Pipeline extends At {
  readonly variables: readonly string[];
  /** True for `=`, which sets variables that exist; false for `:=`, which makes them. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

/** An operand alone, or a function (or method) followed by its arguments. */
export interface Command extends At {
  readonly operands: readonly Operand[];
}

/** A Go int is a bigint here, a float64 a number: the two print and compare differently. */
export type Operand = At &
  (
    | { readonly kind: 'dot' }
    | { readonly kind: 'nil' }
    | { readonly kind: 'literal'; readonly value: string | number | bigint | boolean }
    | { readonly kind: 'function'; readonly name: string }
    /** `$name`, the dollar sign included; `$` alone is the data given to the template. */
    | { readonly kind: 'variable'; readonly name: string }
    | { readonly kind: 'pipeline'; readonly pipeline: Pipeline }
    /** `base.a.b`; `.a.b` has the dot as its base. */
    | { readonly kind: 'fields'; readonly base: Operand; readonly names: readonly string[] }
  );

/** A piece of a template. Immutable. */
export type Node = At &
  (
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'action'; readonly pipeline: Pipeline }
    | {
        readonly kind: 'if' | 'with' | 'range';
        readonly pipeline: Pipeline;
        readonly body: readonly Node[];
        readonly otherwise: readonly Node[];
      }
    | { readonly kind: 'template'; readonly name: string; readonly pipeline: Pipeline | undefined }
    | { readonly kind: 'break' | 'continue' }
  );
