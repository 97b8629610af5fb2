/** Which of several processes leads: the one that evaluates and tells. The others stand by. */
export interface Leadership {
  /** Whether this process leads at this moment. Ask right before what only the leader may do: the answer may be over a moment later. */
  isLeader(): boolean;
  /** Calls when this process becomes the leader or is none any more; must not throw. The answer ends it. */
  onChange(listener: (isLeader: boolean) => void): () => void;
  /** Leads no more from this call on, and lets another one take over as soon as it can. */
  close(): Promise<void>;
}

/** Of a process that has no others beside it: it leads until it is closed. */
export function soleLeadership(): Leadership {
  const listeners = new Set<(isLeader: boolean) => void>();
  let leads = true;
  return {
    isLeader: () => leads,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      if (!leads) return;
      leads = false;
      for (const listener of listeners) listener(false);
    },
  };
}
