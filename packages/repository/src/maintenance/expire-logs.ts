import type { Oid } from '@git-kv/objects';
import type { LogLine, LogPlace } from '../engines/file/log-rewriting.js';
import type { FileRepository } from '../engines/file/repository.js';
import { peelTag, resolveRef } from '../ref-resolve.js';
import type { RefName } from '../ref-store.js';
import { commitsFrom } from '../walk/commits.js';
import { OidSet } from '../walk/oid-set.js';
import type { MaintenanceOptions } from './options.js';

/** Which lines of a log go: milliseconds since 1970, `null` for none. */
export interface LogExpiry {
  /** Lines from before (gc.reflogExpire). */
  readonly expireBeforeMs: number | null;
  /** Lines from before that name a commit which the ref does not lead to any more (gc.reflogExpireUnreachable). */
  readonly expireUnreachableBeforeMs: number | null;
}

/** How logs are shortened. */
export interface ExpireLogsOptions extends MaintenanceOptions {
  /** Asked for each log by the name of its ref: `HEAD`, `refs/heads/main`, `worktrees/NAME/HEAD`. */
  readonly expiryOf: (name: RefName) => LogExpiry;
}

/**
 * Remove old lines from the logs of refs, as `git reflog expire --all` does. What only they kept alive can be collected then.
 * @returns lines that went, or in a dry run would go, by ref
 */
export async function expireLogs(
  repository: FileRepository,
  { expiryOf, dryRun = false, signal, onProgress }: ExpireLogsOptions,
): Promise<ReadonlyMap<RefName, number>> {
  const removed = new Map<RefName, number>();
  const logs = await repository.refs.logs();
  for (const [at, place] of logs.entries()) {
    signal?.throwIfAborted();
    const lines = await repository.refs.readLog(place);
    const isGone = await logJudge(repository, place, lines, expiryOf(place.name), signal);
    const count = lines.filter(isGone).length;
    const gone = dryRun || count === 0 ? count : await repository.refs.shortenLog(place, isGone);
    if (gone > 0) removed.set(place.name, gone);
    onProgress?.({ phase: 'logs', loaded: at + 1, total: logs.length });
  }
  return removed;
}

/** Which lines of a log go. `lines` are those it has. */
export async function logJudge(
  repository: FileRepository,
  place: LogPlace,
  lines: readonly LogLine[],
  { expireBeforeMs, expireUnreachableBeforeMs }: LogExpiry,
  signal: AbortSignal | undefined,
): Promise<(line: LogLine) => boolean> {
  const total = secondsOf(expireBeforeMs);
  const unreachable = secondsOf(expireUnreachableBeforeMs);
  const isOld = ({ timestamp }: LogLine): boolean => timestamp < total;
  const doubtful = lines.filter((line) => !isOld(line) && line.timestamp < unreachable);
  if (doubtful.length === 0) return isOld;
  const lost = await findLost(repository, place, doubtful, signal);
  return (line) => isOld(line) || (line.timestamp < unreachable && (lost.has(line.oldOid) || lost.has(line.newOid)));
}

/** Whole seconds, as logs have them. */
function secondsOf(milliseconds: number | null): number {
  return milliseconds === null ? 0 : Math.floor(milliseconds / 1000);
}

/** The ids in some lines that name commits which the ref does not lead to; for HEAD: which no ref leads to. */
async function findLost(
  repository: FileRepository,
  { name }: LogPlace,
  lines: readonly LogLine[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<Oid>> {
  const { objects, algorithm } = repository;
  const wanted = new Map<Oid, Oid>();
  for (const oid of new Set(lines.flatMap(({ oldOid, newOid }) => [oldOid, newOid]))) {
    if (oid === algorithm.zeroOid) continue;
    const target = (await peelTag(objects, oid)) ?? oid;
    // What is no commit, or not there, decides nothing.
    if ((await objects.stat(target))?.kind === 'commit') wanted.set(oid, target);
  }
  const reached = new OidSet(algorithm);
  const open = new Set(wanted.values());
  const tips = await tipsOf(repository, name);
  if (open.size > 0 && tips.length > 0) {
    const shallow = await repository.shallow.read();
    for await (const { oid } of commitsFrom(objects, tips, { shallow, ...(signal && { signal }) })) {
      if (!open.delete(oid)) continue;
      reached.add(oid);
      if (open.size === 0) break;
    }
  }
  return new Set([...wanted].flatMap(([oid, target]) => (reached.has(target) ? [] : [oid])));
}

async function tipsOf(repository: FileRepository, name: RefName): Promise<Oid[]> {
  const names = [name];
  if (/(?:^|\/)HEAD$/.test(name) && !name.startsWith('refs/')) {
    for await (const entry of repository.refs.list('refs/')) names.push(entry.name);
  }
  const tips = new Set<Oid>();
  for (const one of names) {
    const oid = one.startsWith('worktrees/') ? undefined : (await resolveRef(repository.refs, one))?.oid;
    if (oid === undefined) continue;
    const target = (await peelTag(repository.objects, oid)) ?? oid;
    if ((await repository.objects.stat(target))?.kind === 'commit') tips.add(target);
  }
  return [...tips];
}
