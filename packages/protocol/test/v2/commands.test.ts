import { concatBytes, sha1 } from '@git-kv/objects';
import {
  encodeText,
  FLUSH,
  fetchCommand,
  lsRefsCommand,
  objectInfoCommand,
  PktLineReader,
  type ProtocolLimits,
  parseFetchCommand,
  parseLsRefsCommand,
  parseLsRefsLine,
  parseObjectInfoCommand,
  protocolLimits,
  type RemoteRef,
  readObjectInfo,
  readV2Advertisement,
  readV2Command,
  serializeLsRefsLine,
  serializeObjectInfo,
  serializeServiceLine,
  serializeV2Advertisement,
  serializeV2Command,
} from '@git-kv/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, chunked } from '../support.js';

const A = 'a'.repeat(40);
const limits = protocolLimits(undefined);
const reader = (wire: Uint8Array, size?: number) => new PktLineReader(chunked(wire, size));
const oid = fc.stringMatching(/^[0-9a-f]{40}$/);
const oids = fc.uniqueArray(oid, { maxLength: 4 });
const agent = [
  { name: 'agent', value: 'git/test' },
  { name: 'object-format', value: 'sha1' },
];

describe('a command', () => {
  test('to fetch survives being written and read, at any cut', async () => {
    const request = fc.record({
      wants: oids,
      wantRefs: fc.uniqueArray(fc.constantFrom('refs/heads/a', 'refs/tags/b'), { maxLength: 2 }),
      haves: oids,
      shallow: oids,
      done: fc.boolean(),
      deepenRelative: fc.boolean(),
      deepenNot: fc.uniqueArray(fc.constantFrom('refs/heads/x'), { maxLength: 1 }),
      thin: fc.boolean(),
      ofsDelta: fc.boolean(),
      noProgress: fc.boolean(),
      includeTag: fc.boolean(),
      waitForDone: fc.boolean(),
      sidebandAll: fc.boolean(),
    });
    const optional = fc.record(
      {
        depth: fc.integer({ min: 1, max: 2 ** 31 }),
        deepenSince: fc.integer({ min: 1, max: 2 ** 40 }),
        filter: fc.constantFrom('blob:none', 'tree:3'),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(request, optional, fc.integer({ min: 1, max: 30 }), async (required, more, size) => {
        const whole = { ...required, ...more };
        const wire = serializeV2Command(fetchCommand(whole, agent));
        const command = await readV2Command(reader(wire, size), limits);
        expect(command?.capabilities).toEqual(agent);
        expect(parseFetchCommand(command!, sha1)).toEqual(whole);
      }),
      { numRuns: 100 },
    );
  });

  test('to list refs survives being written and read', async () => {
    const request = fc.record({
      prefixes: fc.array(fc.constantFrom('HEAD', 'refs/heads/', 'refs/tags/ä'), { maxLength: 3 }),
      symrefs: fc.boolean(),
      peel: fc.boolean(),
      unborn: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(request, async (whole) => {
        const command = await readV2Command(reader(serializeV2Command(lsRefsCommand(whole, []))), limits);
        expect(parseLsRefsCommand(command!)).toEqual(whole);
      }),
    );
  });

  test('is written as git writes it', () => {
    const request = { prefixes: ['HEAD'], symrefs: true, peel: true, unborn: false };
    expect(serializeV2Command(lsRefsCommand(request, [{ name: 'object-format', value: 'sha1' }]))).toEqual(
      bytesOf('0014command=ls-refs\n0017object-format=sha1\n00010009peel\n000csymrefs\n0014ref-prefix HEAD\n0000'),
    );
  });

  test('may come after another on one stream, until the client ends', async () => {
    const one = serializeV2Command({ command: 'ls-refs', capabilities: [], args: [] });
    const lines = reader(concatBytes([one, one, FLUSH]));
    expect(await readV2Command(lines, limits)).toMatchObject({ command: 'ls-refs' });
    expect(await readV2Command(lines, limits)).toMatchObject({ command: 'ls-refs' });
    expect(await readV2Command(lines, limits)).toBeUndefined();
    expect(await readV2Command(reader(new Uint8Array(0)), limits)).toBeUndefined();
  });

  const hostile: [problem: string, text: string, code: string][] = [
    ['has no command', '000bagent=x0000', 'MALFORMED'],
    ['has two commands', '0013command=ls-refs0011command=fetch0000', 'MALFORMED'],
    ['ends early', '0013command=ls-refs', 'TRANSPORT_CLOSED'],
    ['ends within the arguments', '0013command=ls-refs0001', 'TRANSPORT_CLOSED'],
    ['has a response-end', '0002', 'MALFORMED'],
    ['has two delimiters', '0013command=ls-refs000100010000', 'MALFORMED'],
    ['has an argument that is not UTF-8', '0013command=ls-refs00010006\u00ff\n0000', 'MALFORMED'],
  ];
  test.each(hostile)('that %s is refused', async (_problem, text, code) => {
    for (const size of [1, 2, 1000]) {
      await expect(readV2Command(reader(bytesOf(text), size), limits)).rejects.toMatchObject({ code });
    }
  });

  const badArguments: [command: 'fetch' | 'ls-refs', argument: string, code: string][] = [
    ['fetch', 'want abc', 'MALFORMED'],
    ['fetch', `want ${A.toUpperCase()}`, 'MALFORMED'],
    ['fetch', `want ${'a'.repeat(64)}`, 'MALFORMED'],
    ['fetch', `have ${A} x`, 'MALFORMED'],
    ['fetch', 'want', 'UNSUPPORTED'],
    ['fetch', 'deepen 0', 'UNSUPPORTED'],
    ['fetch', 'deepen -1', 'UNSUPPORTED'],
    ['fetch', 'deepen 1e9', 'UNSUPPORTED'],
    ['fetch', 'deepen 99999999999999999999', 'UNSUPPORTED'],
    ['fetch', 'want-ref ../../x', 'INVALID_REF_NAME'],
    ['fetch', 'constructor x', 'UNSUPPORTED'],
    ['fetch', '__proto__', 'UNSUPPORTED'],
    ['fetch', 'packfile-uris https', 'UNSUPPORTED'],
    ['ls-refs', 'symref', 'UNSUPPORTED'],
  ];
  test.each(badArguments)('to %s with %j is refused', (name, argument, code) => {
    const command = { command: name, capabilities: [], args: [argument] };
    const run = () => (name === 'fetch' ? parseFetchCommand(command, sha1) : parseLsRefsCommand(command));
    expect(run).toThrow(expect.objectContaining({ code }));
  });

  test('is refused over each limit, while it is read', async () => {
    const small: ProtocolLimits = protocolLimits({
      maxWants: 10,
      maxObjectLines: 10,
      maxRefPrefixes: 10,
      maxCapabilities: 10,
    });
    const haves = { command: 'fetch', capabilities: [], args: Array<string>(11).fill(`have ${A}`) };
    expect(() => parseFetchCommand(haves, sha1, small)).toThrow(expect.objectContaining({ limit: 'maxObjectLines' }));
    const endless = async function* (start: string, row: string): AsyncGenerator<Uint8Array, void> {
      yield encodeText(start);
      yield bytesOf('0001');
      for (let count = 0; count < 1_000_000; count++) yield encodeText(row);
    };
    const fetch = new PktLineReader(endless('command=fetch', `have ${A}`));
    await expect(readV2Command(fetch, small)).rejects.toMatchObject({ limit: 'maxObjectLines' });
    const wants = new PktLineReader(endless('command=fetch', `want ${A}`));
    await expect(readV2Command(wants, small)).rejects.toMatchObject({ limit: 'maxWants' });
    const both = {
      command: 'fetch',
      capabilities: [],
      args: [...haves.args.slice(1), ...Array<string>(10).fill(`want ${'b'.repeat(40)}`)],
    };
    expect(parseFetchCommand(both, sha1, small).haves).toHaveLength(10);
    const lsRefs = new PktLineReader(endless('command=ls-refs', 'ref-prefix x'));
    await expect(readV2Command(lsRefs, small)).rejects.toMatchObject({ limit: 'maxRefPrefixes' });
    const capabilities = concatBytes(Array<Uint8Array>(11).fill(encodeText('x')));
    await expect(readV2Command(reader(capabilities), small)).rejects.toMatchObject({ limit: 'maxCapabilities' });
    const wide = new PktLineReader(endless('command=ls-refs', `ref-prefix ${'x'.repeat(60_000)}`));
    await expect(readV2Command(wide, protocolLimits({}))).rejects.toMatchObject({ limit: 'maxRequestBytes' });
    const said = concatBytes(Array<Uint8Array>(200).fill(encodeText(`x=${'x'.repeat(60_000)}`)));
    await expect(readV2Command(reader(said), protocolLimits({}))).rejects.toMatchObject({ limit: 'maxRequestBytes' });
    const request = { prefixes: Array<string>(65_537).fill('x'), symrefs: false, peel: false, unborn: false };
    expect(() => lsRefsCommand(request, [])).toThrow(expect.objectContaining({ limit: 'maxRefPrefixes' }));
  });
});

test('object-info keeps to its limit on both sides, and when it is asked for', async () => {
  const small = protocolLimits({ maxObjectLines: 2 });
  const most = { limit: 'maxObjectLines', actual: 3, allowed: 2 };
  const oids = Array<string>(3).fill(A);
  expect(() => objectInfoCommand({ size: true, oids }, [], small)).toThrow(expect.objectContaining(most));
  const asked = objectInfoCommand({ size: true, oids }, []);
  expect(() => parseObjectInfoCommand(asked, sha1, small)).toThrow(expect.objectContaining(most));
  const told = serializeObjectInfo(
    { size: true, oids },
    oids.map((oid) => ({ oid, size: 1 })),
  );
  await expect(readObjectInfo(reader(told), sha1, small)).rejects.toMatchObject(most);
});

describe('an advertisement', () => {
  test('survives being written and read, with and without the line of HTTP, at any cut', async () => {
    const capabilities = [{ name: 'agent', value: 'git/2=x' }, { name: 'ls-refs', value: 'unborn' }, { name: 'fetch' }];
    for (const head of [new Uint8Array(0), serializeServiceLine('git-upload-pack')]) {
      const wire = concatBytes([head, serializeV2Advertisement(capabilities)]);
      for (let size = 1; size <= wire.length; size++) {
        expect(await readV2Advertisement(reader(wire, size))).toEqual(capabilities);
      }
      for (let end = 0; end < wire.length; end++) {
        const read = readV2Advertisement(reader(wire.subarray(0, end)));
        await expect(read).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
      }
    }
  });

  test.each([
    ['version 3', '000eversion 3\n0000', 'MALFORMED'],
    ['another text', '0008html0000', 'MALFORMED'],
    ['no flush after the service', '001e# service=git-upload-pack\n0001', 'MALFORMED'],
    ['a delimiter', '000eversion 2\n0001', 'MALFORMED'],
  ])('of %s is refused', async (_what, text, code) => {
    await expect(readV2Advertisement(reader(bytesOf(text)))).rejects.toMatchObject({ code });
  });

  test('with too many capabilities is refused', async () => {
    const many = serializeV2Advertisement(Array.from({ length: 2000 }, (_, index) => ({ name: `c${index}` })));
    await expect(readV2Advertisement(reader(many))).rejects.toMatchObject({ limit: 'maxCapabilities' });
  });
});

describe('a line of ls-refs', () => {
  const refs: [ref: RemoteRef, text: string][] = [
    [{ name: 'refs/heads/main', oid: A }, `${A} refs/heads/main`],
    [{ name: 'refs/heads/ä', oid: A }, `${A} refs/heads/ä`],
    [{ name: 'HEAD', oid: A, target: 'refs/heads/main' }, `${A} HEAD symref-target:refs/heads/main`],
    [{ name: 'HEAD', oid: undefined, target: 'refs/heads/x' }, 'unborn HEAD symref-target:refs/heads/x'],
    [{ name: 'refs/tags/v1', oid: A, peeledOid: 'b'.repeat(40) }, `${A} refs/tags/v1 peeled:${'b'.repeat(40)}`],
  ];
  test.each(refs)('%j is %s', (ref, text) => {
    const payload = new TextEncoder().encode(text);
    expect(parseLsRefsLine(payload, sha1)).toEqual(ref);
    expect(serializeLsRefsLine(ref)).toEqual(encodeText(text));
  });

  test('may have attributes that are not known', () => {
    expect(parseLsRefsLine(bytesOf(`${A} HEAD colour:red`), sha1)).toEqual({ name: 'HEAD', oid: A });
  });

  const hostile: [text: string, code: string][] = [
    [A, 'MALFORMED'],
    [`${A.slice(1)} HEAD`, 'MALFORMED'],
    [`${'a'.repeat(64)} HEAD`, 'MALFORMED'],
    [`${A}  HEAD`, 'INVALID_REF_NAME'],
    [`${A} refs/heads/../x`, 'INVALID_REF_NAME'],
    [`${A} refs/heads/x.lock`, 'INVALID_REF_NAME'],
    [`${A} packed-refs`, 'INVALID_REF_NAME'],
    [`${A} refs/heads/\u00e4`, 'INVALID_REF_NAME'], // Latin-1, not UTF-8
    [`${A} HEAD symref-target:../../x`, 'INVALID_REF_NAME'],
    ['unborn HEAD symref-target:/etc/passwd', 'INVALID_REF_NAME'],
    [`${A} refs/tags/v1 peeled:x`, 'MALFORMED'],
  ];
  test.each(hostile)('%j is refused', (text, code) => {
    expect(() => parseLsRefsLine(bytesOf(text), sha1)).toThrow(expect.objectContaining({ code }));
  });
});
