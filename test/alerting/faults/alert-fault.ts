import type { Children } from '../../../bench/children.ts';
import type { Check } from '../../kubernetes/faults/fault.ts';

/** What a fault may use. */
export interface FaultSurroundings {
  readonly children: Children;
  /** An empty directory of its own. */
  readonly directory: string;
  /** How long what is away stays away, for the faults that are about a long time; milliseconds. */
  readonly receiverAway: number;
  readonly storeAway: number;
  /** Times that a server is killed in the instant in which a notification has come. */
  readonly kills: number;
  /** Says how far it is. */
  readonly say: (text: string) => void;
}

/** Something that goes wrong while alerts begin and end, and what must be true of what receivers were told. */
export interface AlertFault {
  readonly name: string;
  /** For who reads the list. */
  readonly about: string;
  /** Starts what it needs, lets it happen, heals it, ends what it started, and judges. */
  run(surroundings: FaultSurroundings): Promise<readonly Check[]>;
}
