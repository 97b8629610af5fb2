/** An operator of a plan with what it cost, as `explain=1` has it. What was not run by itself has no figures. */
export interface PlanNode {
  readonly operator: string;
  /** With its operands. */
  readonly milliseconds?: number;
  readonly series?: number;
  readonly values?: number;
  readonly runs?: number;
  readonly operands?: readonly PlanNode[];
}

/** A line of a plan. */
export interface PlanLine {
  readonly key: string;
  readonly depth: number;
  readonly node: PlanNode;
  /** Milliseconds without its operands; undefined where none were measured. */
  readonly own: number | undefined;
  /** `own` as a part of the whole plan's time, from 0 to 1. */
  readonly share: number;
}

/** The lines of a plan, each operator above its operands. */
export function planLines(root: PlanNode): readonly PlanLine[] {
  const total = root.milliseconds ?? 0;
  const lines: PlanLine[] = [];
  const add = (node: PlanNode, depth: number, key: string): void => {
    const operands = node.operands ?? [];
    const own =
      node.milliseconds === undefined
        ? undefined
        : Math.max(0, node.milliseconds - operands.reduce((sum, one) => sum + (one.milliseconds ?? 0), 0));
    lines.push({ key, depth, node, own, share: own === undefined || total === 0 ? 0 : Math.min(1, own / total) });
    for (const [index, operand] of operands.entries()) add(operand, depth + 1, `${key}.${index}`);
  };
  add(root, 0, '0');
  return lines;
}
