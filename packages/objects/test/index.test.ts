import {
  buildCommit,
  buildIdentity,
  encodeUtf8,
  FileMode,
  hashObject,
  parseCommit,
  sha1,
  TreeBuilder,
} from '@git-kv/objects';
import { expect, test } from 'vitest';

test('the example of the package documentation runs', () => {
  const blobOid = hashObject(sha1, 'blob', encodeUtf8('hello\n'));
  const tree = new TreeBuilder(sha1).set('greeting', FileMode.regular, blobOid).build();
  const author = buildIdentity({ name: 'A U Thor', email: 'author@example.com', timestamp: 1112911993 });
  const treeOid = hashObject(sha1, 'tree', tree);
  const commit = buildCommit({ treeOid, parentOids: [], author, committer: author, message: 'Say hello\n' });
  expect(parseCommit(commit).author.name).toBe('A U Thor');
  expect(hashObject(sha1, 'commit', commit)).toBe('23dcdda677290dcb5520226bfa82431a55cfb30d');
});
