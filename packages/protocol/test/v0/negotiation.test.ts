import { concatBytes, sha1, sha256 } from '@git-kv/objects';
import {
  type Acknowledgment,
  EMPTY_FETCH_REQUEST,
  encodeDataLine,
  encodeText,
  FLUSH,
  PktLineReader,
  type ProtocolLimits,
  parseAcknowledgment,
  parseCapabilityList,
  protocolLimits,
  readHaveLine,
  readShallowLines,
  readUploadRequest,
  serializeAcknowledgment,
  serializeHaves,
  serializeShallowLines,
  serializeUploadRequest,
} from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';
import { bytesOf, chunked } from '../support.js';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const line = (text: string): Uint8Array => encodeText(text);
const lines = (wire: Uint8Array, size = 5): PktLineReader => new PktLineReader(chunked(wire, size));

describe('a request of protocol v0', () => {
  const read = (wire: Uint8Array, limits: Partial<ProtocolLimits> = {}) =>
    readUploadRequest(lines(wire), sha1, protocolLimits(limits));

  test('comes back the same, at any cut', async () => {
    const request = {
      ...EMPTY_FETCH_REQUEST,
      wants: [A, B],
      shallow: [B],
      depth: 3,
      deepenSince: 1_700_000_000,
      deepenNot: ['refs/tags/v1'],
      deepenRelative: true,
      filter: 'blob:none',
      thin: true,
      ofsDelta: true,
      includeTag: true,
      noProgress: true,
    };
    const list = 'multi_ack_detailed thin-pack ofs-delta include-tag no-progress deepen-relative agent=x';
    const upload = { request, capabilities: parseCapabilityList(list) };
    const wire = serializeUploadRequest(upload);
    for (let size = 1; size < wire.length; size++) {
      expect(await readUploadRequest(lines(wire, size), sha1)).toEqual(upload);
    }
  });

  test('without capabilities, and with wants that repeat, is taken', async () => {
    const wire = concatBytes([line(`want ${A}`), line(`want ${A}`), FLUSH]);
    expect(await read(wire)).toEqual({ request: { ...EMPTY_FETCH_REQUEST, wants: [A] }, capabilities: [] });
  });

  test.each([
    ['a flush', FLUSH],
    ['nothing', new Uint8Array(0)],
  ])('of %s wants nothing', async (_what, wire) => {
    expect(await read(wire)).toBeUndefined();
  });

  const hostile: [problem: string, parts: Uint8Array[], code: string][] = [
    ['ends early', [line(`want ${A}`)], 'TRANSPORT_CLOSED'],
    ['ends within a line', [line(`want ${A}`).subarray(0, 20)], 'TRANSPORT_CLOSED'],
    ['wants nothing, but has a boundary', [line(`shallow ${A}`), FLUSH], 'MALFORMED'],
    ['wants what is no oid', [line('want HEAD'), FLUSH], 'MALFORMED'],
    ['wants an oid of another algorithm', [line(`want ${'a'.repeat(64)}`), FLUSH], 'MALFORMED'],
    ['has capabilities later', [line(`want ${A}`), line(`want ${B} ofs-delta`), FLUSH], 'MALFORMED'],
    ['has another word', [line(`want ${A}`), line(`have ${A}`), FLUSH], 'MALFORMED'],
    ['has a line that is not UTF-8', [encodeDataLine(bytesOf('want \u00ff')), FLUSH], 'MALFORMED'],
    ['has a delimiter', [line(`want ${A}`), bytesOf('0001')], 'MALFORMED'],
    ['deepens by nothing', [line(`want ${A}`), line('deepen 0'), FLUSH], 'UNSUPPORTED'],
    ['deepens by less than nothing', [line(`want ${A}`), line('deepen -1'), FLUSH], 'UNSUPPORTED'],
    ['deepens since no time', [line(`want ${A}`), line('deepen-since yesterday'), FLUSH], 'UNSUPPORTED'],
  ];
  test.each(hostile)('that %s is refused', async (_problem, parts, code) => {
    await expect(read(concatBytes(parts))).rejects.toMatchObject({ code });
  });

  test('over a limit is refused', async () => {
    const wire = concatBytes([...Array<Uint8Array>(11).fill(line(`want ${A}`)), FLUSH]);
    await expect(read(wire, { maxObjectLines: 1 })).resolves.toBeDefined();
    for (const word of ['shallow', 'deepen-not']) {
      const more = concatBytes([line(`want ${A}`), ...Array<Uint8Array>(11).fill(line(`${word} ${A}`)), FLUSH]);
      await expect(read(more, { maxObjectLines: 10 })).rejects.toMatchObject({ limit: 'maxObjectLines' });
    }
    const other = concatBytes([line(`want ${A}`), line(`want ${B}`), FLUSH]);
    await expect(read(other, { maxWants: 1 })).rejects.toMatchObject({ limit: 'maxWants' });
    await expect(read(wire, { maxRequestBytes: 99 })).rejects.toMatchObject({ limit: 'maxRequestBytes' });
    const request = { ...EMPTY_FETCH_REQUEST, wants: [A, B] };
    const write = (): unknown => serializeUploadRequest({ request, capabilities: [] }, protocolLimits({ maxWants: 1 }));
    expect(write).toThrow(expect.objectContaining({ limit: 'maxWants' }));
  });
});

describe('an acknowledgment of protocol v0', () => {
  const words: [text: string, acknowledgment: Acknowledgment][] = [
    ['NAK', { kind: 'nak' }],
    [`ACK ${A}`, { kind: 'ack', oid: A, status: 'final' }],
    [`ACK ${A} continue`, { kind: 'ack', oid: A, status: 'continue' }],
    [`ACK ${A} common`, { kind: 'ack', oid: A, status: 'common' }],
    [`ACK ${A} ready`, { kind: 'ack', oid: A, status: 'ready' }],
  ];
  test.each(words)('%s is read and written', async (text, acknowledgment) => {
    expect(parseAcknowledgment({ kind: 'data', payload: bytesOf(`${text}\n`) }, sha1)).toEqual(acknowledgment);
    expect(serializeAcknowledgment(acknowledgment)).toEqual(line(text));
  });

  test.each([
    ['no word', ''],
    ['another word', 'ACKNOWLEDGED'],
    ['no oid', 'ACK'],
    ['what is no oid', 'ACK common'],
    ['an oid of another algorithm', `ACK ${'a'.repeat(64)}`],
    ['another status', `ACK ${A} perhaps`],
    ['a status that only we use', `ACK ${A} final`],
    ['more words', `ACK ${A} common ready`],
    ['a NAK with an oid', `NAK ${A}`],
  ])('with %s is refused', (_problem, text) => {
    const run = (): unknown => parseAcknowledgment({ kind: 'data', payload: bytesOf(text) }, sha1, 9);
    expect(run).toThrow(expect.objectContaining({ code: 'MALFORMED', offset: 9 }));
  });

  test('may be an ERR line, and is no control line', () => {
    expect(() => parseAcknowledgment({ kind: 'data', payload: bytesOf('ERR no') }, sha1)).toThrow(
      expect.objectContaining({ code: 'REMOTE_ERROR' }),
    );
    expect(() => parseAcknowledgment({ kind: 'flush' }, sha1)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });
});

describe('what a client says of its haves in protocol v0', () => {
  test('is haves, flushes and done', async () => {
    const reader = lines(concatBytes([...serializeHaves([A, B]), FLUSH, line('done')]));
    const heard = [];
    for (let count = 0; count < 5; count++) heard.push(await readHaveLine(reader, sha1));
    expect(heard).toEqual([
      { kind: 'have', oid: A },
      { kind: 'have', oid: B },
      { kind: 'flush' },
      { kind: 'done' },
      { kind: 'end' },
    ]);
  });

  test.each([
    ['another word', line('want')],
    ['an oid of another algorithm', line(`have ${'a'.repeat(64)}`)],
    ['a delimiter', bytesOf('0001')],
    ['bytes that are not UTF-8', encodeDataLine(bytesOf('have \u00ff'))],
  ])('is refused where it is %s', async (_problem, wire) => {
    await expect(readHaveLine(lines(wire), sha1)).rejects.toMatchObject({ code: 'MALFORMED' });
  });
});

describe('what a server says of the shallow boundary in protocol v0', () => {
  test.each([sha1, sha256])('comes back the same, at any cut, with $name', async (algorithm) => {
    const [a, b] = ['a', 'b'].map((digit) => digit.repeat(algorithm.hexLength)) as [string, string];
    const info = { shallowOids: [a], unshallowOids: [b] };
    const wire = serializeShallowLines(info);
    for (let size = 1; size < wire.length; size++)
      expect(await readShallowLines(lines(wire, size), algorithm)).toEqual(info);
  });

  const hostile: [problem: string, parts: Uint8Array[], code: string][] = [
    ['ends early', [line(`shallow ${A}`)], 'TRANSPORT_CLOSED'],
    ['has another word', [line(`deep ${A}`), FLUSH], 'MALFORMED'],
    ['has no oid', [line('shallow HEAD'), FLUSH], 'MALFORMED'],
    ['begins with the name of a method', [line(`constructor ${A}`), FLUSH], 'MALFORMED'],
    ['has a delimiter', [bytesOf('0001')], 'MALFORMED'],
    ['says ERR', [line('ERR no commits selected')], 'REMOTE_ERROR'],
  ];
  test.each(hostile)('is refused where it %s', async (_problem, parts, code) => {
    await expect(readShallowLines(lines(concatBytes(parts)), sha1)).rejects.toMatchObject({ code });
  });

  test('is refused over the limit', async () => {
    const wire = concatBytes([...Array<Uint8Array>(11).fill(line(`shallow ${A}`)), FLUSH]);
    const limits = protocolLimits({ maxObjectLines: 10 });
    await expect(readShallowLines(lines(wire), sha1, limits)).rejects.toMatchObject({ limit: 'maxObjectLines' });
  });
});
