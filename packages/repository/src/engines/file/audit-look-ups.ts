import type { HashAlgorithm } from '@git-kv/objects';
import { type CommitGraphFile, type PackIndex, verifyReverseIndex } from '@git-kv/pack';
import type { AuditVisitor, StoreDamage } from '../../audit.js';
import { verifyCommitGraph } from '../../commit-graph/verify.js';
import { isDamage } from '../../is-damage.js';
import type { ObjectReader } from '../../object-store.js';
import type { Disk } from './disk.js';
import { MULTI_PACK_INDEX, verifyMultiPackIndexFile } from './multi-pack-index.js';
import { joinPath } from './path.js';

/** Problems of one file that are told: one that is damaged may have one for each object. */
const MAX_PROBLEMS = 20;

/** Hold the multi-pack-index of an `objects` directory, where it has one, against its packs. */
export async function auditMultiPackIndex(
  disk: Disk,
  directory: string,
  algorithm: HashAlgorithm,
  visitor: AuditVisitor,
): Promise<void> {
  const tell = teller('multiPackIndex', joinPath(directory, `pack/${MULTI_PACK_INDEX}`), visitor);
  await telling(tell, async () => {
    const problems = (await verifyMultiPackIndexFile(disk, directory, algorithm)) ?? [];
    for (const found of problems.slice(0, MAX_PROBLEMS)) {
      const { problem, ...details } = found;
      tell(`${problem} is wrong: ${JSON.stringify(details)}`);
    }
  });
}

/** Hold a commit-graph against the commits themselves. */
export async function auditCommitGraph(
  reader: ObjectReader,
  directory: string,
  readFiles: () => Promise<readonly CommitGraphFile[]>,
  visitor: AuditVisitor,
  options: { readonly signal?: AbortSignal },
): Promise<void> {
  const tell = teller('commitGraph', joinPath(directory, 'info/commit-graph'), visitor);
  await telling(tell, async () => {
    const files = await readFiles();
    if (files.length === 0) return;
    let count = 0;
    for await (const { problem, ...details } of verifyCommitGraph(reader, files, options)) {
      if (++count > MAX_PROBLEMS) return;
      tell(`${problem} is wrong: ${JSON.stringify(details)}`);
    }
  });
}

/** Hold the `.rev` file of a pack, where it has one, against its idx. */
export async function auditReverseIndex(
  disk: Disk,
  path: string,
  index: PackIndex,
  visitor: AuditVisitor,
): Promise<void> {
  const tell = teller('reverseIndex', `${path}.rev`, visitor);
  await telling(tell, async () => {
    const bytes = await disk.findFile(`${path}.rev`);
    if (bytes !== undefined) verifyReverseIndex(bytes, index);
  });
}

function teller(area: StoreDamage['area'], path: string, visitor: AuditVisitor): (message: string) => void {
  return (message) => visitor.damage({ area, path, message });
}

/** What stops a look at a file is what is wrong with it. */
async function telling(tell: (message: string) => void, look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (!isDamage(error)) throw error;
    tell(error.message);
  }
}
