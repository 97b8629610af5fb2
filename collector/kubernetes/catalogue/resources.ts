import type { Container, Quantities, Quantity } from '../objects.ts';
import { parseQuantity } from '../quantity.ts';

/** What containers request and nodes have. NaN: nothing is said of it. */
export interface Resources {
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  /** Hundredths of cards. */
  readonly gpu: number;
  /** Bytes. */
  readonly gpuMemory: number;
}

/** Tencent's unit of GPU memory. */
const VCUDA_MEMORY = 256 * 2 ** 20;

/**
 * GPUs are whole cards (`nvidia.com/gpu`) or shares of them as Tencent's GPU manager hands them out: hundredths
 * (`tencent.com/vcuda-core`) and pieces of 256 MiB (`tencent.com/vcuda-memory`). `cardMemory` is what a whole card has, NaN
 * when nobody says.
 */
export function resourcesOf(quantities: Quantities | undefined, cardMemory: number): Resources {
  const cards = read(quantities?.['nvidia.com/gpu']);
  const shares = read(quantities?.['tencent.com/vcuda-core']);
  const pieces = read(quantities?.['tencent.com/vcuda-memory']);
  return {
    cpu: read(quantities?.cpu),
    memory: read(quantities?.memory),
    gpu: Number.isNaN(shares) ? cards * 100 : shares,
    gpuMemory: Number.isNaN(pieces) ? cards * cardMemory : pieces * VCUDA_MEMORY,
  };
}

export interface Declarations {
  readonly requests: Resources;
  readonly limits: Resources;
}

/** A request or limit of 0 is none. */
export function declarationsOf({ resources }: Container, cardMemory: number): Declarations {
  return {
    requests: withoutZeros(resourcesOf(resources?.requests, cardMemory)),
    limits: withoutZeros(resourcesOf(resources?.limits, cardMemory)),
  };
}

function withoutZeros({ cpu, memory, gpu, gpuMemory }: Resources): Resources {
  const some = (value: number): number => (value > 0 ? value : Number.NaN);
  return { cpu: some(cpu), memory: some(memory), gpu: some(gpu), gpuMemory: some(gpuMemory) };
}

function read(quantity: Quantity | undefined): number {
  if (quantity === undefined) return Number.NaN;
  try {
    return parseQuantity(quantity);
  } catch {
    // The API server accepts none that is wrong; what is not understood is not known.
    return Number.NaN;
  }
}
