import type { Oid } from '@git-kv/objects';
import { peelTag } from '../ref-resolve.js';
import type { Repository } from '../repository.js';
import { commitsFrom } from '../walk/index.js';

/** What to walk from. */
export interface LocalCommitsOptions {
  /** Commits, or tags of some (default: what every ref leads to). What is not here is passed over. */
  readonly tips?: Iterable<Oid>;
  readonly signal?: AbortSignal | undefined;
}

/** Every commit here that refs lead to, newest first: what a fetch may say it has. Read only as far as it is asked for. */
export async function* localCommits(repository: Repository, options: LocalCommitsOptions = {}): AsyncGenerator<Oid> {
  const { signal } = options;
  const starts = new Set<Oid>();
  for (const tip of options.tips ?? (await refTips(repository))) {
    const oid = (await peelTag(repository.objects, tip)) ?? tip;
    if ((await repository.objects.stat(oid))?.kind === 'commit') starts.add(oid);
  }
  const shallow = await repository.shallow.read();
  for await (const { oid } of commitsFrom(repository.objects, starts, { shallow, ...(signal && { signal }) }))
    yield oid;
}

async function refTips(repository: Repository): Promise<Set<Oid>> {
  const tips = new Set<Oid>();
  for await (const { value, peeledOid } of repository.refs.list('refs/')) {
    if ('oid' in value) tips.add(peeledOid ?? value.oid);
  }
  const head = await repository.refs.read('HEAD');
  if (head && 'oid' in head) tips.add(head.oid);
  return tips;
}
