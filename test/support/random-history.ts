import { git, initBare, type ObjectFormat } from './git.js';

/** A bare repository with a history drawn from a seed. */
export interface RandomHistory {
  readonly directory: string;
  /** Oids of the commits, in the order in which they were made. */
  readonly commits: readonly string[];
}

const NAMES = ['a', 'b', 'c', 'dir', 'lib', 'x'];

/**
 * Some 40 commits with branches, merges and a second root, on few names in deep trees, so that the same trees and blobs stand at many
 * places and depths; some commits, unless it is not skewed, older than their parents; blobs of 0 to 3000 bytes; annotated tags, one of them of a tree.
 */
export function makeRandomHistory(
  directory: string,
  objectFormat: ObjectFormat,
  seed: number,
  isSkewed = true,
): RandomHistory {
  initBare(directory, objectFormat);
  const random = mulberry32(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const stream: string[] = [];
  const commitCount = 40;
  const heads = new Map<string, number>();
  for (let mark = 1; mark <= commitCount; mark++) {
    const branch = mark === 1 ? 'main' : mark === 12 ? 'island' : (['main', 'side', 'next'][pick(3)] as string);
    const from = heads.get(branch) ?? (mark === 1 || mark === 12 ? undefined : 1 + pick(mark - 1));
    const time = 1_700_000_000 + mark * 100 - (pick(8) === 0 && isSkewed ? 1000 : 0);
    stream.push(`commit refs/heads/${branch}\nmark :${mark}\n`);
    stream.push(`committer C <c@example.com> ${time} +0000\ndata <<E\ncommit ${mark}\nE\n`);
    if (from !== undefined) stream.push(`from :${from}\n`);
    if (from !== undefined && pick(4) === 0) {
      const other = 1 + pick(mark - 1);
      if (other !== from) stream.push(`merge :${other}\n`);
    }
    for (let change = 1 + pick(3); change > 0; change--) {
      const path = Array.from({ length: 1 + pick(4) }, () => NAMES[pick(NAMES.length)]).join('/');
      // Few contents, so that the same come at many places.
      const content = pick(6) === 0 ? '' : `${pick(9)}`.repeat([3, 40, 900, 3000][pick(4)] as number);
      stream.push(
        pick(7) === 0 && change > 1 ? `D ${path}\n` : `M 100644 inline ${path}\ndata ${content.length}\n${content}\n`,
      );
    }
    heads.set(branch, mark);
  }
  git(['fast-import', '--quiet', '--force'], { cwd: directory, input: stream.join('') });
  const lines = git(['log', '--all', '--format=%s %H'], { cwd: directory }).split('\n');
  const commits: string[] = [];
  for (const line of lines) {
    const [, mark, oid] = line.split(' ');
    commits[Number(mark) - 1] = oid as string;
  }
  const tag = (name: string, target: string): void =>
    void git(['tag', '-a', '-m', name, name, target], { cwd: directory });
  tag('v1', commits[4] as string);
  tag('v1-again', 'v1');
  tag('v2', commits[30] as string);
  tag('tree', `${commits[20]}^{tree}`);
  return { directory, commits };
}

function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
