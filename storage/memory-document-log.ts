import { type DocumentLog, type DocumentVersion, mistakeOfDocument } from './document-log.ts';
import { type MemoryLogCheck, NEVER } from './memory-log.ts';

/** A DocumentLog in Maps; versions stay for ever. */
export class MemoryDocumentLog implements DocumentLog {
  readonly #check: MemoryLogCheck;
  /** By kind and id: the versions, the newest first. */
  readonly #kinds = new Map<string, Map<string, DocumentVersion[]>>();

  constructor(check: MemoryLogCheck) {
    this.#check = check;
  }

  async append(version: DocumentVersion): Promise<boolean> {
    this.#check(NEVER);
    const mistake = mistakeOfDocument(version);
    if (mistake !== undefined) throw mistake;
    const documents = this.#kinds.get(version.kind) ?? new Map<string, DocumentVersion[]>();
    const versions = documents.get(version.id) ?? [];
    if ((versions[0]?.version ?? 0) !== version.version - 1) return false;
    this.#kinds.set(version.kind, documents);
    documents.set(version.id, [version, ...versions]);
    return true;
  }

  async latest(kind: string, signal: AbortSignal): Promise<readonly DocumentVersion[]> {
    this.#check(signal);
    const newest = [...(this.#kinds.get(kind)?.values() ?? [])].map((versions) => versions[0]!);
    return newest.filter(({ isDeleted }) => !isDeleted).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async versions(kind: string, id: string, signal: AbortSignal): Promise<readonly DocumentVersion[]> {
    this.#check(signal);
    return this.#kinds.get(kind)?.get(id) ?? [];
  }

  async written(
    kind: string,
    { start, end, limit }: { readonly start: number; readonly end: number; readonly limit: number },
    signal: AbortSignal,
  ): Promise<readonly DocumentVersion[]> {
    this.#check(signal);
    const all = [...(this.#kinds.get(kind)?.values() ?? [])].flat();
    const found = all.filter(({ timestamp }) => timestamp >= start && timestamp <= end);
    found.sort((a, b) => b.timestamp - a.timestamp || (a.id < b.id ? -1 : a.id > b.id ? 1 : b.version - a.version));
    return found.slice(0, limit);
  }
}
