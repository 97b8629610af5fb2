import type { DocumentLog, DocumentVersion } from '../../storage/document-log.ts';
import { StorageError } from '../../storage/errors.ts';
import { createMemoryStorage } from '../../storage/memory.ts';

/** A DocumentLog in memory that a test can make fail, or slow. */
export class FaultyDocumentLog implements DocumentLog {
  readonly #log = createMemoryStorage().documentLog;
  /** While it is set, every call rejects. */
  isDown = false;
  /** Is called once, before the next append looks at what is there. */
  beforeAppend: (() => Promise<unknown>) | undefined;
  /** What was appended, the oldest first. */
  readonly appended: DocumentVersion[] = [];
  reads = 0;

  async append(version: DocumentVersion): Promise<boolean> {
    const before = this.beforeAppend;
    this.beforeAppend = undefined;
    await before?.();
    this.#check();
    const isAppended = await this.#log.append(version);
    if (isAppended) this.appended.push(version);
    return isAppended;
  }

  async latest(kind: string, signal: AbortSignal): Promise<readonly DocumentVersion[]> {
    this.#check();
    this.reads++;
    return this.#log.latest(kind, signal);
  }

  async versions(kind: string, id: string, signal: AbortSignal): Promise<readonly DocumentVersion[]> {
    this.#check();
    return this.#log.versions(kind, id, signal);
  }

  async written(...[kind, range, signal]: Parameters<DocumentLog['written']>): Promise<readonly DocumentVersion[]> {
    this.#check();
    return this.#log.written(kind, range, signal);
  }

  #check(): void {
    if (this.isDown) throw new StorageError('unavailable', 'the store does not answer');
  }
}
