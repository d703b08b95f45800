/** Who goes first when calls wait: `high` is 10, `normal` 0, `low` -10; any other number may stand between or beyond. */
export type Priority = "high" | "normal" | "low" | number;

/** By name. */
export const PRIORITIES: Readonly<Record<string, number>> = { high: 10, normal: 0, low: -10 };

export function priorityNumber(priority: Priority): number {
  return typeof priority === "number" ? priority : (PRIORITIES[priority] ?? 0);
}
