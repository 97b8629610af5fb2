import { createMemoryStorage } from './memory.ts';
import { storageSuite } from './storage.case.ts';

storageSuite('memory', async () => {
  const storage = createMemoryStorage();
  return { storage, dispose: () => storage.close(0) };
});
