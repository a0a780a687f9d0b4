import { isGitError } from '@git-kv/objects';
import { parseMultiPackIndex } from '@git-kv/pack';
import { MULTI_PACK_INDEX, writeMultiPackIndexFile } from '../engines/file/multi-pack-index.js';
import type { FileRepository } from '../engines/file/repository.js';

/**
 * See to it that no multi-pack-index names packs that are about to go: write one of the others, or remove it.
 * @param gone names without endings
 * @param wanted `true`: write one in any case; `false`: write none. Default: where there is one
 */
export async function keepMultiPackIndex(
  repository: FileRepository,
  gone: ReadonlySet<string>,
  wanted: boolean | undefined,
): Promise<void> {
  const { disk, own, algorithm, acquireLock } = repository.objects;
  const path = `${own.packs.path}/${MULTI_PACK_INDEX}`;
  const bytes = await disk.findFile(path);
  if (bytes === undefined && wanted !== true) return;
  const listed = new Set((await disk.findEntries(own.packs.path)).map(({ name }) => name));
  const isHere = (name: string): boolean => listed.has(name) && listed.has(name.replace(/\.idx$/, '.pack'));
  const names = [...listed].filter(
    (name) => /^pack-.*\.idx$/.test(name) && isHere(name) && !gone.has(name.slice(0, -4)),
  );
  if (wanted !== false && names.length > 0) {
    const report = await writeMultiPackIndexFile(disk, own.path, { algorithm, names }, acquireLock);
    if (report.status === 'written') return;
  }
  if (bytes === undefined || !namesGone(bytes)) return;
  await disk.removeFile(path);
  for (const name of listed)
    if (name.startsWith(`${MULTI_PACK_INDEX}-`)) await disk.removeFile(`${own.packs.path}/${name}`);
  await disk.syncDirectory(own.packs.path);

  function namesGone(file: Uint8Array): boolean {
    try {
      return parseMultiPackIndex(file, algorithm).packNames.some((name) => gone.has(name.replace(/\.idx$/, '')));
    } catch (error) {
      // Nobody can read it: it is of no use.
      if (isGitError(error, 'MALFORMED') || isGitError(error, 'UNSUPPORTED')) return true;
      throw error;
    }
  }
}
