import type { FileRepository } from '../engines/file/repository.js';
import { listLocalPacks } from './local-packs.js';

/** From when on a repository is to be brought in order. Names and defaults are those of git-gc(1). */
export interface CollectionNeedOptions {
  /** gc.auto (default 6700): loose objects, as far as those in one directory of 256 tell. 0: never. */
  readonly looseLimit?: number;
  /** gc.autoPackLimit (default 50): packs without a `.keep` file. 0: any number. */
  readonly packLimit?: number;
}

/** Whether there are too many packs, or else too many loose objects: what `git gc --auto` asks before it begins. */
export async function collectionNeed(
  repository: FileRepository,
  { looseLimit = 6700, packLimit = 50 }: CollectionNeedOptions = {},
): Promise<'packs' | 'loose' | undefined> {
  if (looseLimit <= 0) return undefined;
  if (packLimit > 0) {
    const packs = await listLocalPacks(repository);
    if (packs.filter(({ isKept }) => !isKept).length > packLimit) return 'packs';
  }
  const sample = await repository.objects.own.loose.list('17');
  return sample.length > Math.ceil(looseLimit / 256) ? 'loose' : undefined;
}
