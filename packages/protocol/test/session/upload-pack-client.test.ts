import { concatBytes } from '@git-kv/objects';
import {
  connectUploadPack,
  DEFAULT_PROTOCOL_LIMITS,
  encodeText,
  FLUSH,
  PktLineReader,
  type ProtocolLimits,
  parseCapability,
  readV2Command,
  serializeFetchAnswer,
  serializeFetchAnswerHead,
  serializeV2Advertisement,
  type Transport,
  type UploadPackClient,
  type V2Command,
} from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';
import { bytesOf, chunked, collect } from '../support.js';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);

/** A server made by hand, which answers one command after another; and the commands it saw. */
async function connect(
  capabilities: readonly string[],
  answer: (command: V2Command) => AsyncIterable<Uint8Array>,
  limits: Partial<ProtocolLimits> = {},
): Promise<{ remote: UploadPackClient; seen: V2Command[] }> {
  const seen: V2Command[] = [];
  const transport: Transport = {
    url: 'memory',
    exchange: async ({ phase, body }) => {
      if (phase === 'advertise') return chunked(serializeV2Advertisement(capabilities.map(parseCapability)));
      const command = await readV2Command(new PktLineReader(chunked(body as Uint8Array)), DEFAULT_PROTOCOL_LIMITS);
      seen.push(command!);
      return answer(command!);
    },
  };
  return { remote: await connectUploadPack(transport, { limits }), seen };
}

const PACK = bytesOf('PACK');
const withPack = () => serializeFetchAnswer({}, chunked(PACK));

describe('the upload-pack client', () => {
  test('says who it is and which algorithm it takes the repository to have', async () => {
    const { remote, seen } = await connect(['ls-refs', 'fetch', 'object-format=sha1'], withPack);
    await (await remote.fetch({ wants: [A] })).pack?.return?.();
    expect(seen[0]?.capabilities).toEqual([
      { name: 'agent', value: expect.stringMatching(/^git\//) },
      { name: 'object-format', value: 'sha1' },
    ]);
    expect(seen[0]?.args).toEqual(['no-progress', 'ofs-delta', `want ${A}`, 'done']);
  });

  test('asks for an unborn HEAD only where the server knows the word', async () => {
    for (const [capability, expected] of [
      ['ls-refs=unborn', true],
      ['ls-refs', false],
    ] as const) {
      const { remote, seen } = await connect([capability], () => chunked(FLUSH));
      await remote.lsRefs();
      expect(seen[0]?.args.includes('unborn')).toBe(expected);
    }
  });

  test('does not ask for what the server does not announce', async () => {
    const { remote, seen } = await connect(['fetch'], withPack);
    await expect(remote.lsRefs()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(remote.fetch({ wants: [A], depth: 1 })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(remote.fetch({ wants: [A], shallow: [B] })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(remote.fetch({ wants: [A], filter: 'blob:none' })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(remote.fetch({ wants: [], wantRefs: ['HEAD'] })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(remote.fetch({ wants: [A], depth: 0 })).rejects.toThrow(RangeError);
    expect(seen).toEqual([]);
  });

  test('asks nothing where nothing is wanted', async () => {
    const { remote, seen } = await connect(['fetch'], withPack);
    expect((await remote.fetch({ wants: [] })).pack).toBeUndefined();
    expect(seen).toEqual([]);
  });

  test('takes the pack as soon as the server is ready', async () => {
    const head = {
      acknowledgments: { commonOids: [B], ready: true },
      shallowInfo: { shallowOids: [A], unshallowOids: [B] },
    };
    const { remote, seen } = await connect(['fetch=shallow'], () => serializeFetchAnswer(head, chunked(PACK)));
    const haves = Array.from({ length: 5000 }, (_, index) => index.toString(16).padStart(40, '0'));
    const answer = await remote.fetch({ wants: [A], haves, depth: 3 });
    expect(await collect(answer.pack!)).toEqual(PACK);
    expect(answer).toMatchObject({ commonOids: [B], shallowOids: [A], unshallowOids: [B] });
    expect(seen).toHaveLength(1);
    expect(seen[0]?.args).not.toContain('done');
  });

  test('says done when the server is ready and sends no pack, and fails where there is none then', async () => {
    const ready = serializeFetchAnswerHead({ acknowledgments: { commonOids: [B], ready: true } }, false);
    const haves = Array.from({ length: 5000 }, (_, index) => index.toString(16).padStart(40, '0'));
    const { remote, seen } = await connect(['fetch'], () => chunked(ready));
    await expect(remote.fetch({ wants: [A], haves })).rejects.toMatchObject({ code: 'MALFORMED' });
    expect(seen.map((command) => command.args.at(-1))).toEqual([expect.stringContaining('have'), 'done']);
  });

  test('keeps to its limits', async () => {
    const many = concatBytes([...Array<Uint8Array>(11).fill(encodeText(`${A} refs/heads/x`)), FLUSH]);
    const small = { maxRefs: 10, maxWants: 10, maxObjectLines: 10, maxRefPrefixes: 10 };
    const { remote } = await connect(['ls-refs', 'fetch=shallow'], () => chunked(many), small);
    await expect(remote.lsRefs()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 'maxRefs' });
    const narrow = await connect(['ls-refs'], () => chunked(many), { maxRefsBytes: 99 });
    await expect(narrow.remote.lsRefs()).rejects.toMatchObject({ limit: 'maxRefsBytes' });
    const prefixes = Array<string>(11).fill('x');
    await expect(remote.lsRefs({ prefixes })).rejects.toMatchObject({ limit: 'maxRefPrefixes' });
    const oids = Array.from({ length: 11 }, (_, index) => index.toString(16).padStart(40, '0'));
    await expect(remote.fetch({ wants: oids })).rejects.toMatchObject({ limit: 'maxWants' });
    await expect(remote.fetch({ wants: [A], shallow: oids })).rejects.toMatchObject({ limit: 'maxObjectLines' });
  });

  const answers: [problem: string, text: string, code: string][] = [
    ['nothing', '', 'TRANSPORT_CLOSED'],
    ['no flush', `003a${A} refs/heads/x\n`, 'TRANSPORT_CLOSED'],
    ['half a line', `003a${A} refs/`, 'TRANSPORT_CLOSED'],
    ['a delimiter', '0001', 'MALFORMED'],
    ['an ERR line', '0010ERR too many', 'REMOTE_ERROR'],
    ['two flushes', '00000000', 'MALFORMED'],
  ];
  test.each(answers)('fails to list refs where the answer is %s', async (_problem, text, code) => {
    const { remote } = await connect(['ls-refs'], () => chunked(bytesOf(text), 3));
    await expect(remote.lsRefs()).rejects.toMatchObject({ code });
  });
});
