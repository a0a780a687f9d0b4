import type { MergedTrees, MergeMessage } from '../../src/index.js';

const TYPES: Readonly<Record<MergeMessage['kind'], string>> = {
  'auto-merging': 'Auto-merging',
  contents: 'CONFLICT (contents)',
  binary: 'CONFLICT (binary)',
  'file/directory': 'CONFLICT (file/directory)',
  'distinct modes': 'CONFLICT (distinct modes)',
  'modify/delete': 'CONFLICT (modify/delete)',
  submodule: 'CONFLICT (submodule)',
  'submodule not initialized': 'CONFLICT (submodule not initialized)',
};

/** A merge as `git merge-tree --write-tree -z --messages` prints it, without the advice on submodules. */
export function asGitPrints({ treeOid, stages, messages }: MergedTrees): string {
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const entries = stages.map(
    ({ mode, oid, stage, pathBytes }) => `${mode.toString(8).padStart(6, '0')} ${oid} ${stage}\t${text(pathBytes)}`,
  );
  const said = messages.flatMap(({ kind, pathBytes, text: line }) => [
    `${pathBytes.length}`,
    ...pathBytes.map(text),
    TYPES[kind],
    `${text(line)}\n`,
  ]);
  return [treeOid, ...entries, '', ...said].map((part) => `${part}\0`).join('');
}

/** Without what git at times says of a file that is to be moved, and then is not there to be moved. */
export function withoutEmptyThreats(output: string): string {
  const [entries = '', messages] = output.split(/(?<=\0)\0/);
  const kept = messages?.replaceAll(
    /2\0([^\0]*)\0[^\0]*\0CONFLICT \(file\/directory\)\0[^\0]*\0/g,
    (message, path: string) => (entries.includes(`\t${path}\0`) ? message : ''),
  );
  return `${entries}\0${kept ?? ''}`;
}
