import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HashName } from '@git-kv/objects';
import { gitBytes } from '../../../../test/support/git.js';

/** Run git in `directory`. Throws where it fails, with its words in the message. */
export function git(directory: string, args: readonly string[], input: string | Uint8Array = ''): Buffer {
  return Buffer.from(gitBytes(args, { cwd: directory, input }));
}

export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'git-kv-pack-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A pack that git made, and the idx git made of it. */
export interface GoldenPack {
  readonly algorithm: HashName;
  readonly pack: Uint8Array;
  readonly idx: Uint8Array;
  readonly idxV1: Uint8Array;
  /** `<oid> <kind> <size>` of each object, as `git cat-file --batch-check` says. */
  readonly objects: readonly { oid: string; kind: string; size: number }[];
}

/** A bare repository of 40 commits over two growing texts, with a tag: plenty of deltas in a few hundred objects. */
export function makeRepository(directory: string, format: HashName): string {
  const path = join(directory, `${format}.git`);
  git(directory, ['init', '-q', '--bare', `--object-format=${format}`, path]);
  const lines = Array.from({ length: 120 }, (_, index) => `line ${index} of a text that is long enough for deltas`);
  let stream = '';
  const who = 'A U Thor <author@example.com>';
  for (let commit = 1; commit <= 40; commit++) {
    lines[(commit * 37) % lines.length] = `line changed in commit ${commit}, ${'x'.repeat(commit)}`;
    const text = lines.join('\n');
    const message = `commit ${commit}\n`;
    stream += `commit refs/heads/main\nmark :${commit}\ncommitter ${who} ${1112911993 + commit} +0200\n`;
    stream += `data ${message.length}\n${message}`;
    stream += `M 100644 inline text\ndata ${text.length}\n${text}\n`;
    const other = text.slice(commit * 10, 2000 + commit * 50);
    stream += `M 100755 inline directory/part-${commit % 7}\ndata ${other.length}\n${other}\n`;
  }
  stream += `tag v1\nfrom :40\ntagger ${who} 1112912000 +0200\ndata 4\ntag\n\n`;
  git(path, ['fast-import', '--quiet'], stream);
  return path;
}

/** All of the repository in one pack. @param args more for pack-objects, such as --delta-base-offset */
export function packAll(repository: string, args: readonly string[] = []): Uint8Array {
  return git(repository, ['pack-objects', '--stdout', '--revs', '--all', '-q', '--no-reuse-delta', ...args], '');
}

/** The idx git makes of a pack. Throws where git refuses it. */
export function gitIndex(
  directory: string,
  format: HashName,
  pack: Uint8Array,
  args: readonly string[] = [],
): Uint8Array {
  const packPath = join(directory, `${Math.random().toString(36).slice(2)}.pack`);
  const idxPath = packPath.replace('.pack', '.idx');
  writeFileSync(packPath, pack);
  git(directory, ['index-pack', `--object-format=${format}`, ...args, '-o', idxPath, packPath]);
  return readFileSync(idxPath);
}

export function goldenPack(directory: string, format: HashName, deltas: 'ofs' | 'ref'): GoldenPack {
  const repository = makeRepository(directory, format);
  const pack = packAll(repository, deltas === 'ofs' ? ['--delta-base-offset'] : []);
  const objects = git(repository, ['cat-file', '--batch-all-objects', '--batch-check'])
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.split(' ') as [string, string, string])
    .map(([oid, kind, size]) => ({ oid, kind, size: Number(size) }));
  const idx = gitIndex(directory, format, pack);
  const idxV1 = gitIndex(directory, format, pack, ['--index-version=1']);
  rmSync(repository, { recursive: true });
  return { algorithm: format, pack, idx, idxV1, objects };
}
