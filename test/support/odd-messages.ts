import { git, initBare, type ObjectFormat } from './git.js';

/**
 * A bare repository whose commits, one after the other on `refs/heads/main`, are such that people wrote them in other times
 * or programs wrote them wrong: messages without a subject, in other encodings, with tabs and wide characters; people without a
 * name, an address or a date; dates that no calendar has.
 */
export function makeOddMessages(directory: string, objectFormat: ObjectFormat = 'sha1'): string {
  initBare(directory, objectFormat);
  const run = (args: readonly string[], input?: Uint8Array): string =>
    git(args, { cwd: directory, ...(input && { input }) });
  const map = run(
    ['hash-object', '-w', '--stdin'],
    Buffer.from('Right Name <right@x> <WRONG@x>\n<only@mail> Nick <nick@x>\n'),
  );
  const tree = run(['mktree'], Buffer.from(`100644 blob ${map}\t.mailmap\n`));
  const plain = 'A U Thor <author@example.com> 1700000000 +0000';
  let parent: string | undefined;
  let seconds = 1_700_000_000;
  const commit = (
    message: string,
    {
      author = plain,
      committer,
      headers = '',
      others = [],
    }: Partial<Record<'author' | 'committer' | 'headers', string>> & { others?: string[] } = {},
  ): string => {
    const parents = [...(parent === undefined ? [] : [parent]), ...others].map((oid) => `parent ${oid}\n`).join('');
    const by = committer ?? `C O Mitter <committer@example.com> ${(seconds += 60)} +0130`;
    const body = Buffer.from(
      `tree ${tree}\n${parents}author ${author}\ncommitter ${by}\n${headers}${message}`,
      'latin1',
    );
    parent = run(['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'], body);
    return parent;
  };
  const root = commit('\nThe first\n');
  commit('\nSubject of\ntwo lines\n\nBody\n\n\nmore\n');
  commit('\n\n\n  Indented after blank lines  \n\n  Body  \n\n\n');
  commit('\n');
  commit('');
  commit('\nNo line feed at the end');
  commit('\nSubject\n \nA line of white space ends it\n');
  commit('\nTabs\there\n\n\tand\tthere\n\x01\tcontrol\n');
  commit('\nwide \xe6\xbc\xa2\xe5\xad\x97\tthen a tab\n\n\xc3\xa9\t\xcc\x81\tx\n');
  commit('\nno UTF-8 \xe9\t\xff\n\nbody \xfe\n');
  commit('\ncaf\xe9\n\nna\xefve\n', { headers: 'encoding ISO-8859-1\n', author: 'Ren\xe9 <r@x> 1700000100 +0100' });
  commit('\ncaf\xc3\xa9\n', { headers: 'encoding utf-8\n' });
  commit('\n\x83e\x83X\x83g\n', { headers: 'encoding Shift_JIS\n' });
  commit('\nunknown \xe9\n', { headers: 'encoding x-nonsense\n' });
  commit('\nsigned\n', { headers: 'gpgsig -----BEGIN\n author Not Me <x@x> 1 +0000\n \n -----END\n' });
  commit('\nCarriage\r\nreturns\r\n\r\nbody\r\n');
  commit('\nUp to a NUL\n\nseen\0 not seen\n');
  commit('\nA. b..c -- d! (e).\n\nTrailer: one\nSigned-off-by: X <x@x>\n');
  commit('\nno name\n', { author: '<x@x> 1700000000 +0000' });
  commit('\nno address\n', { author: 'Somebody <> 1700000000 +0000' });
  commit('\nempty\n', { author: ' <> 1700000000 -0000' });
  commit('\nno brackets\n', { author: 'Somebody 1700000000 +0000' });
  commit('\nno date\n', { author: 'Somebody <x@x>' });
  commit('\nno zone\n', { author: 'Somebody <x@x> 1700000000' });
  commit('\nmore brackets\n', { author: 'A <b <c> d <e>> 1700000000 +0000' });
  commit('\nspaces\n', { author: 'Much   Space   <x@x>   1700000000   -0730' });
  commit('\nodd zones\n', { author: 'Z <z@x> 1700000000 +9999', committer: `C <c@x> ${(seconds += 60)} -0001` });
  commit('\nshort zone\n', { author: 'Z <z@x> 1700000000 +5', committer: `C <c@x> ${(seconds += 60)} +051800` });
  commit('\nvery late\n', { author: 'Z <z@x> 9999999999999 +0000' });
  commit('\ntoo late\n', { author: 'Z <z@x> 99999999999999999999999 +0100' });
  commit('\nat the beginning\n', { author: 'Z <z@x> 0 +0000' });
  commit('\nin the map\n', {
    author: 'Wrong Name <wrong@x> 1700000000 +0000',
    committer: `Nick <NICK@x> ${(seconds += 60)} +0000`,
  });
  commit('\nMerge\n\nof more\n', { others: [root] });
  commit('\nOctopus\n', { others: [root, run(['rev-parse', `${parent}~4`])] });
  run(['update-ref', 'refs/heads/main', parent as string]);
  for (const [name, target] of [
    ['refs/heads/other', 'main~1'],
    ['refs/heads/same', 'main'],
    ['refs/remotes/origin/main', 'main'],
    ['refs/notes/x', 'main'],
    ['refs/tags/light', 'main~1'],
  ]) {
    run(['update-ref', name as string, target as string]);
  }
  run(['tag', '-a', '-m', 'tag', 'v1', 'main~1']);
  run(['-c', 'advice.nestedTag=false', 'tag', '-a', '-m', 'tag', 'nested', 'v1']);
  return directory;
}
