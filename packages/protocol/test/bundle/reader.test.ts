import { concatBytes, encodeUtf8, sha1, sha256 } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { git, gitBytes, initBare, temporaryDirectory } from '../../../../test/support/git.js';
import { type BundleHeader, parseBundleHeader, readBundle, serializeBundleHeader } from '../../src/index.js';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const LONG = 'c'.repeat(64);
const V2 = '# v2 git bundle\n';
const V3 = '# v3 git bundle\n';

const parse = (text: string): BundleHeader => parseBundleHeader(encodeUtf8(text)).header;

describe('a bundle by git', () => {
  test.each([
    ['sha1', 2],
    ['sha1', 3],
    ['sha256', 3],
  ] as const)('(%s, version %i) is read, and its header written again byte for byte', (objectFormat, version) => {
    const cwd = initBare(temporaryDirectory(), objectFormat);
    const tree = git(['mktree'], { cwd, input: '' });
    const base = git(['commit-tree', '-m', 'The base: ünïcode', tree], { cwd });
    const head = git(['commit-tree', '-p', base, '-m', 'The head', tree], { cwd });
    git(['update-ref', 'refs/heads/main', head], { cwd });
    const bytes = new Uint8Array(
      gitBytes(['bundle', 'create', '-q', `--version=${version}`, '-', `${base}..main`, 'HEAD'], { cwd }),
    );
    const { header, end } = parseBundleHeader(bytes);
    expect(header).toEqual({
      version,
      algorithm: objectFormat === 'sha1' ? sha1 : sha256,
      prerequisites: [{ oid: base, comment: 'The base: ünïcode' }],
      refs: [
        { name: 'refs/heads/main', oid: head },
        { name: 'HEAD', oid: head },
      ],
    });
    expect(serializeBundleHeader(header)).toEqual(bytes.subarray(0, end));
    expect(new TextDecoder().decode(bytes.subarray(end, end + 4))).toBe('PACK');
  });

  test('says what a filter left out', () => {
    const cwd = initBare(temporaryDirectory());
    const tree = git(['mktree'], { cwd, input: '' });
    git(['update-ref', 'refs/heads/main', git(['commit-tree', '-m', 'm', tree], { cwd })], { cwd });
    const bytes = new Uint8Array(gitBytes(['bundle', 'create', '-q', '-', '--filter=blob:none', 'main'], { cwd }));
    expect(parseBundleHeader(bytes).header).toMatchObject({ version: 3, filter: 'blob:none' });
  });
});

describe('a bundle header', () => {
  const oids = { sha1: fc.constantFrom(A, B), sha256: fc.constant(LONG) };
  const header = fc.constantFrom('sha1' as const, 'sha256' as const).chain((name) =>
    fc.record(
      {
        version: fc.constant(3 as const),
        algorithm: fc.constant(name === 'sha1' ? sha1 : sha256),
        filter: fc.constantFrom('blob:none', 'tree:0', 'blob:limit=10k', 'sparse:oid=main:x'),
        prerequisites: fc.array(
          fc.record({
            oid: oids[name],
            comment: fc.string({ unit: 'grapheme' }).filter((text) => !/[\0\r\n]/.test(text)),
          }),
          { maxLength: 4 },
        ),
        refs: fc.uniqueArray(
          fc.record({
            name: fc.stringMatching(/^refs\/heads\/[a-zäé]{1,8}$/),
            oid: oids[name],
          }),
          { maxLength: 4, selector: (ref) => ref.name },
        ),
      },
      { requiredKeys: ['version', 'algorithm', 'prerequisites', 'refs'] },
    ),
  );

  test('comes back as it was written, however it is cut, and the pack after it whole', async () => {
    await fc.assert(
      fc.asyncProperty(header, fc.uint8Array(), fc.integer({ min: 1, max: 40 }), async (value, pack, size) => {
        const bytes = concatBytes([serializeBundleHeader(value), pack]);
        async function* chunks(): AsyncGenerator<Uint8Array> {
          // One buffer for all chunks, as a source may do it.
          const buffer = new Uint8Array(size);
          for (let at = 0; at < bytes.length; at += size) {
            const part = bytes.subarray(at, at + size);
            buffer.set(part);
            yield buffer.subarray(0, part.length);
          }
        }
        const bundle = await readBundle(chunks());
        expect(bundle.header).toEqual(value);
        const rest: Uint8Array[] = [];
        for await (const chunk of bundle.pack) rest.push(chunk.slice());
        expect(concatBytes(rest)).toEqual(pack);
      }),
    );
  });

  test('may name a ref twice for the same object, and may have prerequisites without a comment', () => {
    const text = `${V2}-${A}\n-${B} \n${A.toUpperCase()} refs/heads/m\n${A} refs/heads/m\n\n`;
    expect(parse(text)).toEqual({
      version: 2,
      algorithm: sha1,
      prerequisites: [
        { oid: A, comment: '' },
        { oid: B, comment: '' },
      ],
      refs: [
        { name: 'refs/heads/m', oid: A },
        { name: 'refs/heads/m', oid: A },
      ],
    });
  });

  test('may have a comment in another encoding', () => {
    const bytes = concatBytes([encodeUtf8(`${V2}-${A} `), Uint8Array.of(0xe4, 0x0a, 0x0a)]);
    expect(parseBundleHeader(bytes).header.prerequisites).toEqual([{ oid: A, comment: '\ufffd' }]);
  });

  const bad: [problem: string, text: string, offset: number][] = [
    ['is empty', '', 0],
    ['is cut in its signature', '# v2 git bun', 12],
    ['is cut short', `${V2}${A} refs/heads/m\n`, V2.length + 54],
    ['is cut in a line', `${V2}${A} refs`, V2.length + 45],
    ['has another signature', '# v2 git bundles\n\n', 0],
    ['is of version 1', '# v1 git bundle\n\n', 0],
    ['is of version 4', '# v4 git bundle\n\n', 0],
    ['begins with an empty line', `\n${V2}\n`, 0],
    ['has no end of line where the signature should be', 'x'.repeat(100), 0],
    ['has a capability in version 2', `${V2}@object-format=sha1\n\n`, 16],
    ['has an unknown capability', `${V3}@object-format=sha1\n@shiny\n\n`, 36],
    ['has an unknown capability with a value', `${V3}@shiny=1\n\n`, 16],
    ['has an unknown object format', `${V3}@object-format=md5\n\n`, 16],
    ['has an object format without a name', `${V3}@object-format\n\n`, 16],
    ['has an unknown filter', `${V3}@filter=shape:round\n\n`, 16],
    ['has a capability after a reference', `${V3}${A} refs/heads/m\n@object-format=sha1\n\n`, 70],
    ['has an object id of the other algorithm', `${V3}@object-format=sha256\n${A} refs/heads/m\n\n`, 38],
    ['has a prerequisite that is none', `${V2}-${A.slice(1)} short\n\n`, 16],
    ['has a prerequisite without an id', `${V2}-\n\n`, 16],
    ['has a reference without a name', `${V2}${A}\n\n`, 16],
    ['has a reference with an empty name', `${V2}${A} \n\n`, 16],
    ['has a name that leads out of refs', `${V2}${A} refs/../../x\n\n`, 16],
    ['has a name with a control byte', `${V2}${A} refs/heads/\x1b[2J\n\n`, 16],
    ['has one name for two objects', `${V2}${A} refs/heads/m\n${B} refs/heads/m\n\n`, 70],
    ['has a line of no sense', `${V2}nonsense\n\n`, 16],
    ['ends its lines with CR LF', '# v2 git bundle\r\n\r\n', 0],
  ];
  test.each(bad)('is refused where it %s, cut anywhere', async (_problem, text, offset) => {
    const malformed = expect.objectContaining({ code: 'MALFORMED', format: 'bundle header', offset });
    expect(() => parse(text)).toThrow(malformed);
    const bytes = encodeUtf8(text);
    for (let at = 0; at <= bytes.length; at++) {
      const run = readBundle(chunked(bytes.subarray(0, at), bytes.subarray(at)));
      await expect(run).rejects.toThrow(malformed);
    }
  });

  test('is refused over the limit, before the rest of it is read', async () => {
    let isEnded = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        yield encodeUtf8(V2);
        for (;;) yield encodeUtf8(`-${A} and on\n`);
      } finally {
        isEnded = true;
      }
    }
    await expect(readBundle(endless(), { maxHeaderBytes: 1000 })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      limit: 'bundleHeaderBytes',
      actual: 1001,
      allowed: 1000,
    });
    expect(isEnded).toBe(true);
  });

  test('can be read alone: ending the pack before it began ends the input', async () => {
    let isEnded = false;
    async function* input(): AsyncGenerator<Uint8Array> {
      try {
        yield encodeUtf8(`${V2}\nPACK`);
        yield encodeUtf8('never');
      } finally {
        isEnded = true;
      }
    }
    const { pack } = await readBundle(input());
    await pack.return?.();
    expect(isEnded).toBe(true);
    expect(await pack.next()).toMatchObject({ done: true });
  });
});

async function* chunked(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
