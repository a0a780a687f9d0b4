import { encodeUtf8, type HashAlgorithm, hashObject, ObjectChecker, type RawObject, sha1 } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { ALGORITHMS } from '../support.js';
import { treeNaming, treeOf } from './cases.js';
import { fsck, repositoryOf, verdictOf } from './git-judge.js';

const BAD_MODULES = encodeUtf8('[submodule "a"]\n\tpath = -x\n');
const LONG_ATTRIBUTES = encodeUtf8('!'.repeat(3000));
/** Too long for one, and with a bad path for the other. */
const BAD_AS_BOTH = encodeUtf8(`[submodule "a"]\n\tpath = -x\n# ${'x'.repeat(3000)}\n`);

type Store = ReadonlyMap<string, RawObject>;

function storeOf(algorithm: HashAlgorithm, objects: readonly RawObject[]): Store {
  return new Map(objects.map((object) => [hashObject(algorithm, object.kind, object.body), object]));
}

/** What is said of each oid when objects come in this order and the rest is asked for at the end. */
function verdicts(checker: ObjectChecker, store: Store, order: readonly string[]): Map<string, string[]> {
  const findings = order.flatMap((oid) => checker.check({ oid, ...(store.get(oid) as RawObject) }));
  for (const oid of checker.pendingOids()) findings.push(...checker.checkPending(oid, store.get(oid)));
  expect(checker.pendingOids()).toEqual([]);
  const said = new Map<string, string[]>();
  for (const finding of findings) {
    const oid = finding.oid as string;
    said.set(oid, [...(said.get(oid) ?? []), ...verdictOf([finding])].sort());
  }
  return said;
}

/** Trees that name blobs, trees, submodules and nothing as `.gitmodules` and `.gitattributes`. */
function specialObjects(algorithm: HashAlgorithm): RawObject[] {
  const blobs = [BAD_MODULES, LONG_ATTRIBUTES, BAD_AS_BOTH].map((body): RawObject => ({ kind: 'blob', body }));
  const [modules = '', attributes = '', both = ''] = blobs.map(({ kind, body }) => hashObject(algorithm, kind, body));
  const missing = hashObject(algorithm, 'blob', encodeUtf8('not there'));
  const subtree = treeOf(algorithm, ['100644 a']);
  const subtreeOid = hashObject(algorithm, 'tree', subtree);
  const trees: [mode: string, name: string, oid: string][] = [
    ['100644', '.gitmodules', modules],
    ['100755', 'GITMOD~1', modules],
    ['100644', 'x\\.gitmodules', both],
    ['100644', '.gitattributes', attributes],
    ['100644', '.GITATTRIBUTES', both],
    ['100644', '.gitmodules', attributes],
    ['100644', '.gitmodules', missing],
    ['160000', '.gitattributes', 'e'.repeat(algorithm.hexLength)],
    ['40000', '.gitattributes', subtreeOid],
    ['40000', '.gitmodules', subtreeOid],
    ['120000', '.gitmodules', modules],
    ['100644', 'harmless', modules],
  ];
  return [
    ...blobs,
    { kind: 'tree', body: subtree },
    ...trees.map(([mode, name, oid]): RawObject => ({ kind: 'tree', body: treeNaming(algorithm, mode, name, oid) })),
  ];
}

describe.each(ALGORITHMS)('ObjectChecker with %s', (_name, algorithm) => {
  const objects = specialObjects(algorithm);
  const store = storeOf(algorithm, objects);

  test('says what git fsck says, in any order', async () => {
    const { directory } = repositoryOf(algorithm, objects);
    const verdict = await fsck(directory);
    const orders = [[...store.keys()], [...store.keys()].reverse(), [...store.keys()].sort()];
    for (const order of orders) {
      const said = verdicts(new ObjectChecker({ algorithm }), store, order);
      const oids = new Set([...store.keys(), ...said.keys()]);
      // Git says a thing twice of a blob that it had checked as one file when it learned of the other.
      const gits = [...oids].map((oid) => [oid, [...new Set(verdict(oid))]]);
      expect([...oids].map((oid) => [oid, said.get(oid) ?? []])).toEqual(gits);
    }
    const all = [...verdicts(new ObjectChecker({ algorithm }), store, [...store.keys()]).values()].flat();
    expect(new Set(all)).toEqual(
      new Set([
        ...['error gitmodulesPath', 'error gitmodulesMissing', 'error gitmodulesBlob', 'error gitmodulesSymlink'],
        ...['error gitattributesLineLength', 'error gitattributesMissing', 'error gitattributesBlob'],
        'warn gitmodulesParse',
      ]),
    );
  });

  test('reports nothing of objects to skip, but still learns from their trees', async () => {
    const trees = [...store].filter(([, { kind }]) => kind === 'tree').map(([oid]) => oid);
    const skip = new Set([...trees, ...store.keys()].filter((oid) => store.get(oid)?.body !== BAD_AS_BOTH));
    const said = verdicts(new ObjectChecker({ algorithm, skip }), store, [...store.keys()]);
    expect([...said.keys()].filter((oid) => store.has(oid))).toEqual([hashObject(algorithm, 'blob', BAD_AS_BOTH)]);
  });
});

test('a blob that no tree names is not looked at', () => {
  const checker = new ObjectChecker({ algorithm: sha1 });
  expect(checker.check({ oid: 'a'.repeat(40), kind: 'blob', body: BAD_MODULES })).toEqual([]);
  expect(checker.pendingOids()).toEqual([]);
});

test('only a blob may be without a body', () => {
  const checker = new ObjectChecker({ algorithm: sha1 });
  expect(() => checker.check({ oid: 'a'.repeat(40), kind: 'tree', body: undefined })).toThrow(TypeError);
});
