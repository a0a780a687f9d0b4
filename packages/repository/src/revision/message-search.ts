import { decodeUtf8, type Oid } from '@git-kv/objects';
import { readBody } from '../read-object.js';
import { resolveRef } from '../ref-resolve.js';
import type { Repository } from '../repository.js';
import { RevisionWalk } from '../walk/revision-walk.js';
import { peelTo } from './peel.js';
import { posixPattern } from './posix-pattern.js';

const LF = 0x0a;

/**
 * The newest commit that `startOids` reach whose message matches an extended regular expression; `undefined` where none does
 * or where it is no valid one. `!-` before it looks for a message that does not match, `!!` stands for `!`.
 * @see git's object-name.c, get_oid_oneline()
 */
export async function findByMessage(
  repository: Repository,
  startOids: readonly Oid[],
  text: string,
): Promise<Oid | undefined> {
  const isNegative = text.startsWith('!-');
  if (text.startsWith('!') && !isNegative && !text.startsWith('!!')) return undefined;
  const pattern = posixPattern(isNegative ? text.slice(2) : text.startsWith('!!') ? text.slice(1) : text, 'extended');
  if (pattern === undefined) return undefined;
  const walk = await RevisionWalk.open(repository.objects, {
    include: startOids,
    shallow: await repository.shallow.read(),
  });
  try {
    for (;;) {
      const [row] = await walk.next(1);
      if (row === undefined) return undefined;
      const oid = walk.table.oidAt(row);
      const message = messageOf(await readBody(repository.objects, oid, 'commit'));
      if ((message !== undefined && pattern.test(message)) !== isNegative) return oid;
    }
  } finally {
    await walk.close();
  }
}

/** {@link findByMessage} in all that refs and HEAD reach. */
export async function findByMessageAnywhere(repository: Repository, text: string): Promise<Oid | undefined> {
  const starts: Oid[] = [];
  const add = async (oid: Oid | undefined): Promise<void> => {
    const commitOid = oid && (await peelTo(repository, oid, 'commit'));
    if (commitOid !== undefined) starts.push(commitOid);
  };
  for await (const { name, value } of repository.refs.list('refs/')) {
    await add('oid' in value ? value.oid : (await resolveRef(repository.refs, name))?.oid);
  }
  await add((await resolveRef(repository.refs, 'HEAD'))?.oid);
  // Of equal dates, git takes what it added last.
  return await findByMessage(repository, starts.reverse(), text);
}

/** The text after the first empty line, up to a NUL. */
function messageOf(body: Uint8Array): string | undefined {
  let at = body.indexOf(LF);
  while (at >= 0 && body[at + 1] !== LF) at = body.indexOf(LF, at + 1);
  if (at < 0) return undefined;
  const end = body.indexOf(0, at);
  return decodeUtf8(body.subarray(at + 2, end < 0 ? undefined : end));
}
