import { concatBytes, encodeUtf8, equalBytes } from '@git-kv/objects';
import { parentPath } from '../engines/file/path.js';
import type { FileRepository } from '../engines/file/repository.js';
import { peelTag, resolveRef } from '../ref-resolve.js';
import { listLocalPacks } from './local-packs.js';

/**
 * Write what a server without git's programs gives its clients: `info/refs` and `objects/info/packs`, as git-update-server-info(1)
 * does.
 *
 *     info/refs          = *(oid TAB name LF [oid TAB name "^{}" LF])
 *     objects/info/packs = *("P " pack LF) LF       ; the youngest first
 */
export async function updateServerInfo(repository: FileRepository): Promise<void> {
  const lines: Uint8Array[] = [];
  for await (const { name, value, peeledOid } of repository.refs.list('refs/')) {
    const oid = 'oid' in value ? value.oid : (await resolveRef(repository.refs, name))?.oid;
    if (oid === undefined) continue;
    lines.push(encodeUtf8(`${oid}\t${name}\n`));
    const peeled = peeledOid ?? (await peelTag(repository.objects, oid));
    if (peeled !== undefined) lines.push(encodeUtf8(`${peeled}\t${name}^{}\n`));
  }
  const packs = (await listLocalPacks(repository)).sort((a, b) => b.mtimeMs - a.mtimeMs);
  const names = packs.map(({ name }) => `P ${name}.pack\n`).join('');
  await replace(repository, `${repository.layout.commonDirectory}/info/refs`, concatBytes(lines));
  await replace(repository, `${repository.objects.own.path}/info/packs`, encodeUtf8(`${names}\n`));
}

async function replace(repository: FileRepository, path: string, bytes: Uint8Array): Promise<void> {
  const { disk } = repository.objects;
  const before = await disk.findFile(path);
  if (before !== undefined && equalBytes(before, bytes)) return;
  const temporary = await disk.writeTemporary(parentPath(path), 'tmp_info_', bytes);
  try {
    await disk.rename(temporary, path);
  } catch (error) {
    await disk.fs.unlink(temporary).catch(() => undefined);
    throw error;
  }
  await disk.syncDirectory(parentPath(path));
}
