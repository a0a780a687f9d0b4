import { type Oid, oidToBytes } from '@git-kv/objects';
import type { AuditOptions, AuditVisitor } from './audit.js';
import type { ObjectStore } from './object-store.js';

/** Objects read at a time from a store that has no audit of its own. */
const BATCH = 256;

/** Audit a store that has nothing to audit but what {@link ObjectStore.oids} lists. */
export async function auditListed(
  store: Pick<ObjectStore, 'oids' | 'readMany'>,
  visitor: AuditVisitor,
  options: AuditOptions,
): Promise<void> {
  const readOptions = options.signal ? { signal: options.signal } : {};
  let batch: Oid[] = [];
  let loaded = 0;
  const auditBatch = async (): Promise<void> => {
    for await (const [oid, object] of store.readMany(batch, readOptions)) {
      if (object === undefined) continue;
      visitor.content(object.kind, object.body, false, () => oid);
      visitor.present(oidToBytes(oid), 0, object.kind, false);
    }
    loaded += batch.length;
    options.onProgress?.({ phase: 'objects', loaded });
    batch = [];
  };
  for await (const oid of store.oids(readOptions)) {
    if (options.presentOnly === true) visitor.present(oidToBytes(oid), 0, undefined, false);
    else batch.push(oid);
    if (batch.length === BATCH) await auditBatch();
  }
  await auditBatch();
}
