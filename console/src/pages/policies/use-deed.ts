import { useState } from 'react';

/** Something that is done to the server, once at a time, with what went wrong last. */
export interface Deed {
  readonly isSending: boolean;
  readonly error: string | undefined;
  /** True when it is done. */
  run(deed: () => Promise<unknown>): Promise<boolean>;
}

/** Of one button or dialog. */
export function useDeed(): Deed {
  const [isSending, setIsSending] = useState(false);
  const [error, setError] = useState<string>();
  return {
    isSending,
    error,
    async run(deed) {
      setIsSending(true);
      setError(undefined);
      try {
        await deed();
        return true;
      } catch (thrown) {
        setError(thrown instanceof Error ? thrown.message : String(thrown));
        return false;
      } finally {
        setIsSending(false);
      }
    },
  };
}
