import { QueryError } from '../query-result.ts';
import { createInventory, type Inventory, type InventoryOptions } from './inventory.ts';
import { PRESENT_ONLY } from './resources.ts';

/** How many moments of the past are kept. */
const MOMENTS = 2;

/**
 * An inventory that takes one more parameter, `time` in seconds since 1970: the lists as they were then. The moments that were asked for last
 * are kept.
 */
export function createTimedInventory(options: InventoryOptions): Inventory {
  const present = createInventory(options);
  const past = new Map<number, Inventory>();
  const inventoryAt = (time: number): Inventory => {
    const inventory = past.get(time) ?? createInventory({ ...options, now: () => time });
    past.delete(time);
    past.set(time, inventory);
    if (past.size > MOMENTS) past.delete(past.keys().next().value!);
    return inventory;
  };
  return async (resource, parameters) => {
    const { time, others } = withoutTime(parameters);
    if (time === undefined) return present(resource, others);
    if (!PRESENT_ONLY.has(resource)) return inventoryAt(time)(resource, others);
    const given = JSON.stringify(parameters.get('time'));
    throw new QueryError(
      'bad_data',
      `invalid parameter "time": ${resource} are listed as they are now only, got ${given}`,
    );
  };
}

/** The time in milliseconds, undefined for now, and what else is asked. */
function withoutTime(parameters: URLSearchParams): { time: number | undefined; others: URLSearchParams } {
  const text = parameters.get('time') ?? '';
  const others = new URLSearchParams(parameters);
  others.delete('time');
  if (text === '') return { time: undefined, others };
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0 && seconds < 1e11) return { time: Math.round(seconds * 1000), others };
  const given = JSON.stringify(text.slice(0, 100));
  throw new QueryError('bad_data', `invalid parameter "time": time must be in seconds since 1970, got ${given}`);
}
