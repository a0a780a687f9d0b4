import {
  CHECK_IDS,
  type CheckSeverity,
  type CheckSeverityOptions,
  checkObject,
  DEFAULT_SEVERITIES,
  type HashAlgorithm,
  ObjectChecker,
  type RawObject,
  sha1,
} from '@git-kv/objects';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  initBare,
  makeDirectory,
  removeDirectory,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import { ALGORITHMS, corpusObjects, readWithGit } from '../support.js';
import { type Case, COMMITS, TAGS, TREES } from './cases.js';
import { fsck, isReceived, type JudgedRepository, mktag, repositoryOf, type Verdict, verdictOf } from './git-judge.js';

const CASES = [...COMMITS, ...TAGS, ...TREES];

function objectOf(example: Case, algorithm: HashAlgorithm): RawObject {
  return { kind: example.kind, body: example.body(algorithm) };
}

describe.each(ALGORITHMS)('checkObject with %s finds in', (_name, algorithm) => {
  test.each(CASES.map((example) => [`${example.kind} with ${example.title}`, example] as const))('%s', (_, example) => {
    const findings = checkObject(example.kind, example.body(algorithm), { algorithm });
    expect(verdictOf(findings)).toEqual([...example.expected].sort());
    for (const { offset } of findings) expect(offset).toBeGreaterThanOrEqual(0);
  });
});

describe.each(ALGORITHMS)('git fsck with %s says the same', (_name, algorithm) => {
  const parent = makeDirectory();
  const objects = CASES.map((example) => objectOf(example, algorithm));
  let repository: JudgedRepository;
  beforeAll(() => {
    repository = repositoryOf(algorithm, objects, parent);
  });
  afterAll(() => removeDirectory(parent));

  /** Cases on which git fsck and checkObject differ, less those of which the table says so. */
  async function differences(options: CheckSeverityOptions): Promise<unknown[]> {
    const config = Object.entries(options.severities ?? {}).map(([id, severity]) => `fsck.${id}=${severity}`);
    const verdict = await fsck(repository.directory, [...config, ...(options.strict === true ? ['--strict'] : [])]);
    return CASES.flatMap(({ title, gitSays }, index) => {
      const { kind, body } = objects[index] as RawObject;
      const ours = gitSays ?? verdictOf(checkObject(kind, body, { algorithm, ...options }));
      const gits = verdict(repository.oids[index] as string);
      return String(gits) === String(ours) ? [] : [{ title, gits, ours }];
    });
  }

  // Where this is no error, git 2.39 reads the same line again for ever.
  const LOWERED = CHECK_IDS.filter((id) => DEFAULT_SEVERITIES[id] !== 'fatal' && id !== 'badParentSha1');

  function allSetTo(severity: CheckSeverity): CheckSeverityOptions {
    return { severities: Object.fromEntries(LOWERED.map((id) => [id, severity])) };
  }

  const mixed = { hasDot: 'warn', nullSha1: 'ignore', badFilemode: 'error', missingAuthor: 'warn' } as const;

  test.each<[title: string, options: CheckSeverityOptions]>([
    ['as it is', {}],
    ['under --strict', { strict: true }],
    ['where all that can be is ignored', allSetTo('ignore')],
    ['where all that can be is a warning', allSetTo('warn')],
    ['where all is an error', allSetTo('error')],
    ['where some are set and --strict is given', { severities: mixed, strict: true }],
  ])('%s', async (_title, options) => {
    expect(await differences(options)).toEqual([]);
  });
});

describe('other judges agree:', () => {
  test('git mktag, which checks a tag before it parses it', async () => {
    const directory = initBare(temporaryDirectory());
    const severities = { extraHeaderEntry: 'warn' } as const;
    const said = await Promise.all(
      TAGS.map(async ({ title, body }) => [title, await mktag(directory, body(sha1))] as const),
    );
    const ours = TAGS.map(({ title, kind, body }) => {
      return [title, verdictOf(checkObject(kind, body(sha1), { algorithm: sha1, strict: true, severities }))] as const;
    });
    expect(ours).toEqual(said);
  });

  test.each(ALGORITHMS)('git index-pack --fsck-objects with %s takes what has no error', async (_name, algorithm) => {
    const directory = initBare(temporaryDirectory(), algorithm.name);
    // One of each kind of trouble is enough: it is a process for each.
    const examples = [...new Map(CASES.map((example) => [example.kind + example.expected, example])).values()];
    for (const example of examples.filter(({ gitSays }) => gitSays?.length !== 0)) {
      const object = objectOf(example, algorithm);
      const findings = checkObject(object.kind, object.body, { algorithm, strict: true });
      const isClean = findings.every(({ severity }) => severity !== 'error');
      expect([example.title, isClean]).toEqual([example.title, await isReceived(directory, algorithm, object)]);
    }
  });
});

/** Good and bad objects with a few bytes changed, taken out, or put in again. */
function mutants(algorithm: HashAlgorithm, seed: number, count: number): RawObject[] {
  const example = fc.constantFrom(...CASES.map((one) => objectOf(one, algorithm)));
  const change = fc.record({
    at: fc.nat(),
    size: fc.nat({ max: 9 }),
    byte: fc.constantFrom(...ODD_BYTES),
    verb: fc.nat(2),
  });
  const mutant = fc
    .tuple(example, fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([{ kind, body }, changes]) => {
      let bytes = [...body];
      for (const { at, size, byte, verb } of changes) {
        const start = bytes.length === 0 ? 0 : at % bytes.length;
        if (verb === 0) bytes[start] = byte;
        else if (verb === 1) bytes.splice(start, size);
        else bytes = [...bytes.slice(0, start + size), byte, ...bytes.slice(start)];
      }
      return { kind, body: Uint8Array.from(bytes) };
    });
  return fc.sample(mutant, { seed, numRuns: count });
}

const ODD_BYTES = [0, 0x0a, 0x20, 0x2e, 0x2f, 0x30, 0x31, 0x3c, 0x3e, 0x41, 0x5c, 0x7e, 0xe2, 0xff];

describe.each(ALGORITHMS)('of mutants with %s', (_name, algorithm) => {
  test('git fsck and checkObject find the same', async () => {
    const objects = mutants(algorithm, Number(process.env.GIT_KV_SEED ?? 1), Number(process.env.GIT_KV_RUNS ?? 400));
    const { directory, oids } = repositoryOf(algorithm, objects);
    const verdict = await fsck(directory);
    const wrong = objects.flatMap(({ kind, body }, index) => {
      const gits = verdict(oids[index] as string);
      const ours = verdictOf(checkObject(kind, body, { algorithm }));
      return isAgreement(gits, ours) ? [] : [{ kind, body: Buffer.from(body).toString('latin1'), gits, ours }];
    });
    expect(wrong).toEqual([]);
  });
});

function isAgreement(gits: Verdict, ours: Verdict): boolean {
  // What its parser refuses, git does not check; here it must be wrong all the same.
  if (gits.includes('unparsed')) return ours.some((line) => line.startsWith('error'));
  // Git may have read the date off the next line.
  if (ours.includes('error badDate') && !gits.includes('error badDate')) return true;
  // That a special file is missing shows only with the other objects at hand.
  return String(gits.filter((line) => !line.endsWith('Missing'))) === String(ours);
}

describe('of objects that git made or that others keep', () => {
  test.each(ALGORITHMS)('nothing is wrong with a history by git with %s', (_name, algorithm) => {
    const directory = initBare(temporaryDirectory(), algorithm.name);
    const files = { 'a/b/c': '1', 'a/b.c': '2', 'a-': '3', é: '4', '.gitmodules': '', '.gitattributes': '* text\n' };
    commitFiles(directory, [{ files }, { files: { 'a/b/d': '5' } }]);
    git(['tag', '-a', '-m', 'first', 'v1', 'main'], { cwd: directory });
    const listed = git(['cat-file', '--batch-all-objects', '--batch-check'], { cwd: directory }).split('\n');
    expect(listed.length).toBeGreaterThan(10);
    const checker = new ObjectChecker({ algorithm, strict: true });
    const read = (oid: string): RawObject => {
      const kind = listed.find((line) => line.startsWith(oid))?.split(' ')[1] as RawObject['kind'];
      return { kind, body: readWithGit(directory, kind, oid) };
    };
    for (const oid of listed.map((line) => line.slice(0, algorithm.hexLength))) {
      expect(checker.check({ oid, ...read(oid) })).toEqual([]);
    }
    for (const oid of checker.pendingOids()) expect(checker.checkPending(oid, read(oid))).toEqual([]);
  });

  const kept = (['commit', 'tree', 'tag'] as const).flatMap((kind) =>
    corpusObjects(kind).map(([title, body]): [string, RawObject] => [`${kind} ${title}`, { kind, body }]),
  );

  test.skipIf(kept.length === 0)('git fsck says of the corpora what checkObject says', async () => {
    const objects = kept.map(([, object]) => object);
    const { directory, oids } = repositoryOf(sha1, objects);
    for (const strict of [false, true]) {
      const verdict = await fsck(directory, strict ? ['--strict'] : []);
      const gits = kept.map(([title], index) => [title, verdict(oids[index] as string)]);
      const ours = kept.map(([title, { kind, body }]) => [
        title,
        verdictOf(checkObject(kind, body, { algorithm: sha1, strict })),
      ]);
      const isParsed = (_: unknown, index: number): boolean => !gits[index]?.[1]?.includes('unparsed');
      expect(ours.filter(isParsed)).toEqual(gits.filter(isParsed));
    }
  });
});
