import { git, initBare, type ObjectFormat } from './git.js';

/** A bare repository with a history of many branches and merges, drawn from a seed; `refs/heads/main` is its tip. */
export function makeMergedHistory(
  directory: string,
  objectFormat: ObjectFormat = 'sha1',
  { seed = 1, commits = 150 }: { readonly seed?: number; readonly commits?: number } = {},
): string {
  initBare(directory, objectFormat);
  const random = randomOf(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const paths = [
    'a',
    'b.txt',
    'dir/c',
    'dir/d.txt',
    'dir/deep/e',
    'dir/deep/f.txt',
    'other/c',
    'dir.txt',
    'sp ace/\xe9',
  ];
  const trees: Map<string, string>[] = [];
  const parts: string[] = [];
  for (let at = 0; at < commits; at++) {
    const isRoot = at === 0 || (at > 20 && random() < 0.01);
    const near = (): number => Math.max(0, at - 1 - Math.floor(random() ** 2 * 12));
    const parents = isRoot ? [] : [near()];
    while (!isRoot && random() < 0.3) {
      const parent = near();
      if (!parents.includes(parent)) parents.push(parent);
    }
    const files = new Map(parents.length > 0 ? trees[parents[0] as number] : []);
    // A merge takes some of each side; what else changes there is as likely to come from neither.
    for (const parent of parents.slice(1)) {
      for (const [path, text] of trees[parent] as Map<string, string>) if (random() < 0.5) files.set(path, text);
    }
    const changes = parents.length > 1 ? Math.floor(random() * 1.3) : 1 + Math.floor(random() * 2);
    for (let change = 0; change < changes; change++) {
      const path = pick(paths);
      if (random() < 0.2) files.delete(path);
      else files.set(path, `${pick(['one', 'two', 'three', 'four'])}\n`);
      if (path === 'a' && random() < 0.3) {
        files.delete('a');
        files.set('a/below', 'a file that became a directory\n');
      } else if (files.has('a')) files.delete('a/below');
    }
    trees.push(files);
    // Clocks differ: some commits are older than their parents, many are of the same second.
    const time = 1_700_000_000 + Math.floor(at / 3) * 60 - (random() < 0.1 ? 900 : 0);
    const message = `Change ${at} of many\n\n${pick(['Fixes', 'Breaks'])} things\n`;
    parts.push(`commit refs/heads/main\nmark :${at + 1}\n`);
    parts.push(`author A U Thor <author@example.com> ${time - 60} +0200\n`);
    parts.push(`committer C O Mitter <committer@example.com> ${time} -0130\n`);
    parts.push(`data ${message.length}\n${message}`);
    for (const [index, parent] of parents.entries()) parts.push(`${index === 0 ? 'from' : 'merge'} :${parent + 1}\n`);
    parts.push('deleteall\n');
    for (const [path, text] of files) {
      const mode = path === 'b.txt' && text.startsWith('two') ? '100755' : '100644';
      parts.push(`M ${mode} inline ${path.includes(' ') ? `"${path}"` : path}\ndata ${text.length}\n${text}`);
    }
    if (at % 17 === 3) parts.push(`reset refs/tags/t${at}\nfrom :${at + 1}\n\n`);
    if (isRoot && at > 0) parts.push(`reset refs/heads/main\nfrom :${at + 1}\n\n`);
  }
  git(['fast-import', '--quiet', '--force'], { cwd: directory, input: Buffer.from(parts.join(''), 'latin1') });
  return directory;
}

/** Numbers from 0 up to 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
