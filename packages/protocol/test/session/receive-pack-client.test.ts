import { concatBytes, sha1, TransportError } from '@git-kv/objects';
import {
  connectReceivePack,
  DEFAULT_PROTOCOL_LIMITS,
  encodeDataLine,
  encodeSideband,
  FLUSH,
  isPushOutcomeUnknown,
  PktLineReader,
  type PushCommand,
  type PushOptions,
  parseCapabilityList,
  type ReceivePackClient,
  readPushRequest,
  serializePushReport,
  serializeReceivePackAdvertisement,
  type Transport,
} from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';
import { bytesOf, chunked, collect } from '../support.js';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const create: PushCommand = { name: 'refs/heads/main', oldOid: null, newOid: A };
const PACK = bytesOf('PACK as far as the protocol can tell');
const CAPABILITIES = 'report-status delete-refs side-band-64k atomic push-options object-format=sha1';

/** A server's answers, made by hand: `answer` gets the request's body. */
async function connect(
  answer: (body: AsyncIterable<Uint8Array>) => Promise<AsyncIterable<Uint8Array>>,
  capabilities = CAPABILITIES,
): Promise<ReceivePackClient> {
  const advertisement = serializeReceivePackAdvertisement({
    capabilities: parseCapabilityList(capabilities),
    algorithm: sha1,
    refs: [{ name: 'refs/heads/other', oid: B }],
  });
  const transport: Transport = {
    url: 'memory',
    exchange: async ({ phase, body }) => {
      if (phase === 'advertise') return chunked(advertisement);
      return await answer(body instanceof Uint8Array ? chunked(body) : (body ?? chunked(new Uint8Array(0))));
    },
  };
  return await connectReceivePack(transport);
}

const banded = (...parts: Uint8Array[]): Uint8Array =>
  concatBytes([...parts.flatMap((part) => [...encodeSideband(1, part)]), FLUSH]);

const report = (text: string): Uint8Array =>
  banded(concatBytes([...text.split('\n').map((line) => encodeDataLine(bytesOf(`${line}\n`))), FLUSH]));

const push = (remote: ReceivePackClient, options: Partial<PushOptions> = {}) =>
  remote.push({ commands: [create], pack: chunked(PACK, 7), ...options });

describe('a push', () => {
  test('is what a server reads', async () => {
    let seen: unknown;
    const remote = await connect(async (body) => {
      const request = await readPushRequest(new PktLineReader(body), sha1);
      seen = { ...request, pack: await collect(request!.pack!) };
      return chunked(report('unpack ok\nok refs/heads/main\nok refs/heads/other'));
    });
    const commands = [create, { name: 'refs/heads/other', oldOid: B, newOid: A }];
    expect(await push(remote, { commands, atomic: true, pushOptions: ['ci.skip', 'ä'] })).toMatchObject({
      unpack: 'ok',
    });
    expect(seen).toMatchObject({ commands, pushOptions: ['ci.skip', 'ä'], shallowOids: [], pack: PACK });
    expect(seen).toMatchObject({
      capabilities: expect.arrayContaining([{ name: 'atomic' }, { name: 'report-status' }, { name: 'side-band-64k' }]),
    });
  });

  test('of deletes only has no pack', async () => {
    let seen: unknown;
    const remote = await connect(async (body) => {
      seen = await readPushRequest(new PktLineReader(body), sha1);
      return chunked(report('unpack ok\nok refs/heads/other'));
    });
    await remote.push({ commands: [{ name: 'refs/heads/other', oldOid: B, newOid: null }] });
    expect(seen).not.toHaveProperty('pack');
  });

  test('is reported on command by command, in the order of the commands', async () => {
    const other = { name: 'refs/heads/other', oldOid: B, newOid: A };
    const third = { name: 'refs/heads/third', oldOid: null, newOid: A };
    const remote = await connect(async (body) => {
      await collect(body);
      return chunked(report('unpack ok\nng refs/heads/other fetch first\nok refs/heads/main\noption new-oid x'), 3);
    });
    expect((await push(remote, { commands: [create, other, third] })).results).toEqual([
      { name: 'refs/heads/main', ok: true },
      { name: 'refs/heads/other', ok: false, reason: 'fetch first' },
      { name: 'refs/heads/third', ok: false, reason: 'the remote did not report on it' },
    ]);
  });

  test('works without a sideband', async () => {
    const remote = await connect(async (body) => {
      await collect(body);
      return chunked(serializePushReport({ unpack: 'ok', results: [{ name: create.name, ok: true }] }));
    }, 'report-status');
    expect((await push(remote)).results).toEqual([{ name: create.name, ok: true }]);
  });

  test('is not sent where it asks for what the server does not announce', async () => {
    const remote = await connect(() => Promise.reject(new Error('sent')), 'report-status');
    const remove = [{ name: 'refs/heads/other', oldOid: B, newOid: null }];
    await expect(push(remote, { atomic: true })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(push(remote, { pushOptions: ['x'] })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(remote.push({ commands: remove })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    const mute = await connect(() => Promise.reject(new Error('sent')), 'ofs-delta');
    await expect(push(mute)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('is not sent where it makes no sense', async () => {
    const remote = await connect(() => Promise.reject(new Error('sent')));
    await expect(remote.push({ commands: [] })).rejects.toThrow(TypeError);
    await expect(remote.push({ commands: [create] })).rejects.toThrow(TypeError);
    const bad = [{ ...create, name: 'refs/heads/a..b' }];
    await expect(push(remote, { commands: bad })).rejects.toMatchObject({ code: 'INVALID_REF_NAME' });
    await expect(push(remote, { pushOptions: ['a\nb'] })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    const many = Array.from({ length: DEFAULT_PROTOCOL_LIMITS.maxCommands + 1 }, (_, index) => ({
      ...create,
      name: `refs/heads/${index}`,
    }));
    await expect(push(remote, { commands: many })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      limit: 'maxCommands',
    });
  });
});

describe('a push that fails', () => {
  const outcome = async (pushing: Promise<unknown>): Promise<{ error: unknown; isUnknown: boolean }> => {
    const error = await pushing.then(
      () => expect.fail('it did not fail'),
      (reason: unknown) => reason,
    );
    return { error, isUnknown: isPushOutcomeUnknown(error) };
  };

  const answers: [problem: string, wire: Uint8Array, code: string][] = [
    ['nothing', new Uint8Array(0), 'TRANSPORT_CLOSED'],
    ['half a report', report('unpack ok\nok refs/heads/main').subarray(0, 20), 'TRANSPORT_CLOSED'],
    ['a report without its end', banded(bytesOf('000eunpack ok\n')).subarray(0, -4), 'TRANSPORT_CLOSED'],
    ['a flush', FLUSH, 'TRANSPORT_CLOSED'],
    ['an empty report', banded(FLUSH), 'MALFORMED'],
    ['other words', report('done'), 'MALFORMED'],
    ['a status of another ref', report('unpack ok\nok refs/heads/evil'), 'MALFORMED'],
    ['two statuses of one ref', report('unpack ok\nok refs/heads/main\nok refs/heads/main'), 'MALFORMED'],
    ['band 3', concatBytes([...encodeSideband(3, bytesOf('died')), FLUSH]), 'REMOTE_ERROR'],
    ['an ERR line', encodeDataLine(bytesOf('ERR no')), 'REMOTE_ERROR'],
  ];
  test('because its report does not end stops reading at the first status too many', async () => {
    let lines = 0;
    const remote = await connect(async (body) => {
      await collect(body);
      return (async function* endless() {
        yield* encodeSideband(1, encodeDataLine(bytesOf('unpack ok\n')));
        for (; lines < 1_000_000; lines++) yield* encodeSideband(1, encodeDataLine(bytesOf('ng refs/heads/main no\n')));
      })();
    });
    const { error, isUnknown } = await outcome(push(remote));
    expect(isUnknown).toBe(true);
    expect(error).toMatchObject({ code: 'MALFORMED' });
    expect(lines).toBeLessThan(10);
  });

  test.each(answers)('for an answer of %s leaves its outcome open', async (_problem, wire, code) => {
    const remote = await connect(async (body) => {
      await collect(body);
      return chunked(wire);
    });
    const { error, isUnknown } = await outcome(push(remote));
    expect(isUnknown).toBe(true);
    expect(error).toMatchObject({ code, outcomeUnknown: true, name: 'PushInterruptedError' });
    expect((error as Error).cause).toBeInstanceOf(Error);
  });

  const requests: [
    code: ConstructorParameters<typeof TransportError>[0],
    status: number | undefined,
    isUnknown: boolean,
  ][] = [
    ['TRANSPORT_FAILED', undefined, false],
    ['AUTHENTICATION_FAILED', 401, false],
    ['ACCESS_DENIED', 403, false],
    ['REDIRECT_REFUSED', undefined, false],
    ['HTTP_STATUS', 413, false],
    ['HTTP_STATUS', 408, true],
    ['HTTP_STATUS', 500, true],
    ['HTTP_STATUS', 502, true],
    ['TRANSPORT_CLOSED', undefined, true],
  ];
  test.each(requests)('by %s (%s) leaves its outcome open: %s', async (code, status, expected) => {
    const failure = new TransportError(code, 'Cannot', status === undefined ? {} : { status });
    const remote = await connect(async (body) => {
      await collect(body);
      throw failure;
    });
    const { error, isUnknown } = await outcome(push(remote));
    expect(isUnknown).toBe(expected);
    expect(expected ? (error as Error).cause : error).toBe(failure);
  });

  test('by its own pack gives back the error of the pack: nothing can have happened', async () => {
    const failure = new Error('disk');
    async function* broken(): AsyncGenerator<Uint8Array, void> {
      yield PACK;
      throw failure;
    }
    const remote = await connect(async (body) => {
      await collect(body).catch(() => {});
      throw new TransportError('TRANSPORT_CLOSED', 'Cannot');
    });
    expect((await outcome(push(remote, { pack: broken() }))).error).toBe(failure);
  });

  test('because the caller gave up leaves its outcome open only after the pack was sent', async () => {
    for (const isSent of [false, true]) {
      const controller = new AbortController();
      const reason = new Error('enough');
      const remote = await connect(async (body) => {
        if (isSent) await collect(body);
        else await body[Symbol.asyncIterator]().next();
        controller.abort(reason);
        throw reason;
      });
      const { error, isUnknown } = await outcome(push(remote, { signal: controller.signal }));
      expect(isUnknown).toBe(isSent);
      expect(isSent ? (error as Error).cause : error).toBe(reason);
    }
  });

  test('after its report was read has succeeded all the same', async () => {
    const whole = report('unpack ok\nok refs/heads/main');
    const remote = await connect(async (body) => {
      await collect(body);
      return (async function* () {
        yield whole.subarray(0, -4);
        throw new TransportError('TRANSPORT_CLOSED', 'Cannot');
      })();
    });
    expect((await push(remote)).results).toEqual([{ name: 'refs/heads/main', ok: true }]);
  });
});

describe('an advertisement of receive-pack', () => {
  const read = (wire: Uint8Array, limits = {}) =>
    connectReceivePack({ url: 'memory', exchange: async () => chunked(wire, 5) }, { limits });

  test('comes back the same, with alternates and a shallow boundary', async () => {
    const wire = serializeReceivePackAdvertisement({
      capabilities: parseCapabilityList(CAPABILITIES),
      algorithm: sha1,
      refs: [{ name: 'refs/heads/a', oid: A }],
      haveOids: [B],
      shallowOids: [A],
    });
    const remote = await read(wire);
    expect(remote).toMatchObject({ refs: [{ name: 'refs/heads/a', oid: A }], haveOids: [B] });
  });

  const line = (text: string): Uint8Array => encodeDataLine(bytesOf(text));
  const hostile: [problem: string, parts: Uint8Array[], code: string][] = [
    ['says nothing', [FLUSH], 'MALFORMED'],
    ['ends early', [line(`${A} refs/heads/a\0report-status`)], 'TRANSPORT_CLOSED'],
    ['has no capabilities', [line(`${A} refs/heads/a`), FLUSH], 'MALFORMED'],
    ['has capabilities twice', [line(`${A} refs/heads/a\0x`), line(`${A} refs/heads/b\0y`), FLUSH], 'MALFORMED'],
    ['has a short oid', [line(`${A.slice(1)} refs/heads/a\0x`), FLUSH], 'MALFORMED'],
    ['has an oid in upper case', [line(`${A.toUpperCase()} refs/heads/a\0x`), FLUSH], 'MALFORMED'],
    ['has an oid of another algorithm', [line(`${'a'.repeat(64)} refs/heads/a\0x`), FLUSH], 'MALFORMED'],
    ['speaks of an unknown algorithm', [line(`${A} refs/heads/a\0object-format=md5`), FLUSH], 'UNSUPPORTED'],
    ['names a path', [line(`${A} refs/heads/../../x\0x`), FLUSH], 'INVALID_REF_NAME'],
    ['names no ref', [line(`${A} objects/info/alternates\0x`), FLUSH], 'INVALID_REF_NAME'],
    ['has a name that is not UTF-8', [line(`${A} refs/heads/\u00ff\0x`), FLUSH], 'MALFORMED'],
    ['has a delimiter', [line(`${A} refs/heads/a\0x`), bytesOf('0001')], 'MALFORMED'],
    ['says ERR', [line('ERR no such repository')], 'REMOTE_ERROR'],
  ];
  test.each(hostile)('that %s is refused', async (_problem, parts, code) => {
    await expect(read(concatBytes(parts))).rejects.toMatchObject({ code });
  });

  test('with more refs than the limit is refused', async () => {
    const refs = Array.from({ length: 11 }, (_, index) => ({ name: `refs/heads/${index}`, oid: A }));
    const wire = serializeReceivePackAdvertisement({ capabilities: [], algorithm: sha1, refs });
    await expect(read(wire, { maxRefs: 10 })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'maxRefs' });
    await expect(read(wire, { maxRefsBytes: 99 })).rejects.toMatchObject({ limit: 'maxRefsBytes' });
    expect((await read(wire, { maxRefs: 11 })).refs).toHaveLength(11);
  });
});
