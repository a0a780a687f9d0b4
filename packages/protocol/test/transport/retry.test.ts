import {
  connectReceivePack,
  connectUploadPack,
  createHttpTransport,
  parseRetryAfter,
  type RetryOptions,
  serializeV2Advertisement,
} from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';
import { bytesOf, collect } from '../support.js';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const ADVERTISEMENT = serializeV2Advertisement([{ name: 'ls-refs' }, { name: 'fetch' }]);
const ADVERTISED = { 'content-type': 'application/x-git-upload-pack-advertisement' };

/** A transport to a server that answers so, one after the other and the last for ever; a clock that does not wait. */
function busy(answers: readonly (() => Response)[], retry: RetryOptions = {}) {
  const waits: number[] = [];
  const requests: string[] = [];
  const transport = createHttpTransport('http://host/r', {
    fetch: async (url, init) => {
      requests.push(`${init.method} ${new URL(url).pathname}`);
      return (answers[Math.min(requests.length, answers.length) - 1] as () => Response)();
    },
    retry: {
      random: () => 0,
      clock: {
        now: () => NOW,
        sleep: async (ms, signal) => {
          signal?.throwIfAborted();
          waits.push(ms);
        },
      },
      ...retry,
    },
  });
  return { transport, waits, requests };
}

const status =
  (code: number, retryAfter?: string): (() => Response) =>
  () =>
    new Response('', { status: code, headers: retryAfter === undefined ? {} : { 'Retry-After': retryAfter } });
const advertise = (): Response => new Response(ADVERTISEMENT as Uint8Array<ArrayBuffer>, { headers: ADVERTISED });

describe('a request that changes nothing', () => {
  test.each([429, 500, 502, 503, 504])('is sent again after status %i', async (code) => {
    const { transport, waits, requests } = busy([status(code), status(code), advertise]);
    await connectUploadPack(transport);
    expect(requests).toHaveLength(3);
    expect(waits).toEqual([500, 1000]);
  });

  test.each([400, 403, 404, 408, 501, 505])('is not sent again after status %i', async (code) => {
    const { transport, requests } = busy([status(code), advertise]);
    await expect(connectUploadPack(transport)).rejects.toMatchObject({ isGitError: true });
    expect(requests).toHaveLength(1);
  });

  test('is sent four times at most, and the last answer counts', async () => {
    const { transport, waits, requests } = busy([status(503), status(503), status(503), status(500), advertise]);
    await expect(connectUploadPack(transport)).rejects.toMatchObject({ code: 'HTTP_STATUS', status: 500 });
    expect(requests).toHaveLength(4);
    expect(waits).toEqual([500, 1000, 2000]);
  });

  test('is sent as often as it is told, each wait shorter by chance and not over the longest', async () => {
    const options = { maxAttempts: 4, baseDelayMs: 100, maxDelayMs: 150, random: () => 0.5 };
    const { transport, waits } = busy([status(503)], options);
    await expect(connectUploadPack(transport)).rejects.toMatchObject({ status: 503 });
    expect(waits).toEqual([75, 112.5, 112.5]);
    const once = busy([status(503)], { maxAttempts: 1 });
    await expect(connectUploadPack(once.transport)).rejects.toMatchObject({ status: 503 });
    expect(once.requests).toHaveLength(1);
  });

  test.each([
    ['in seconds', '7', [7000]],
    ['of nothing', '0', [0]],
    ['as a date', 'Fri, 02 Jan 2026 03:04:35 GMT', [30_000]],
    ['as a date gone by', 'Fri, 02 Jan 2026 03:00:00 GMT', [0]],
    ['that is neither', 'soon', [500]],
    ['that is negative', '-1', [500]],
  ])('waits as Retry-After says, %s', async (_how, header, expected) => {
    const { transport, waits } = busy([status(429, header), advertise]);
    await connectUploadPack(transport);
    expect(waits).toEqual(expected);
  });

  test('is not sent again where the server wants too long a wait', async () => {
    const { transport, waits } = busy([status(503, '61'), advertise]);
    await expect(connectUploadPack(transport)).rejects.toMatchObject({ status: 503, retryable: true });
    expect(waits).toEqual([]);
    const patient = busy([status(503, '61'), advertise], { maxRetryAfterMs: 100_000 });
    await connectUploadPack(patient.transport);
    expect(patient.waits).toEqual([61_000]);
  });

  test('is not sent again when it is aborted meanwhile', async () => {
    const controller = new AbortController();
    const { transport, requests } = busy([
      () => {
        controller.abort(new Error('enough'));
        return status(503)();
      },
      advertise,
    ]);
    await expect(connectUploadPack(transport, { signal: controller.signal })).rejects.toThrow('enough');
    expect(requests).toHaveLength(1);
  });

  test('may be a call of upload-pack, too', async () => {
    const result = () => new Response('0000', { headers: { 'content-type': 'application/x-git-upload-pack-result' } });
    const { transport, requests } = busy([status(503), result]);
    const answer = await transport.exchange({ service: 'git-upload-pack', phase: 'call', body: bytesOf('0000') });
    expect(await collect(answer)).toEqual(bytesOf('0000'));
    expect(requests).toEqual(['POST /r/git-upload-pack', 'POST /r/git-upload-pack']);
  });
});

describe('a push', () => {
  test('is never sent again', async () => {
    const { transport, requests } = busy([status(503), advertise]);
    const call = { service: 'git-receive-pack', phase: 'call', body: bytesOf('0000') } as const;
    await expect(transport.exchange(call)).rejects.toMatchObject({ status: 503 });
    expect(requests).toHaveLength(1);
  });

  test('may ask again what there is', async () => {
    const { transport, requests } = busy([status(503)]);
    await expect(connectReceivePack(transport)).rejects.toMatchObject({ status: 503 });
    expect(requests).toHaveLength(4);
  });
});

describe('a body that this fetch cannot stream', () => {
  const parts = async function* (count: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < count; at++) yield new Uint8Array(1000);
  };
  const sender = (sent: unknown[]) =>
    createHttpTransport('http://host/r', {
      streamsRequests: false,
      postBufferBytes: 2000,
      maxHeldRequestBytes: 5000,
      fetch: async (_url, init) => {
        sent.push(init.body);
        return new Response('0000', { headers: { 'content-type': 'application/x-git-receive-pack-result' } });
      },
    });

  test('is held and sent whole', async () => {
    const sent: unknown[] = [];
    await sender(sent).exchange({ service: 'git-receive-pack', phase: 'call', body: parts(5) });
    expect(sent).toEqual([new Uint8Array(5000)]);
  });

  test('is refused where it is too large to hold, before anything is sent', async () => {
    const sent: unknown[] = [];
    const call = { service: 'git-receive-pack', phase: 'call', body: parts(6) } as const;
    await expect(sender(sent).exchange(call)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      limit: 'maxHeldRequestBytes',
      allowed: 5000,
    });
    expect(sent).toEqual([]);
  });
});

test.each([
  ['120', 120_000],
  [' 1 ', 1000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
  ['Fri Jan  2 03:04:06 2026', 1000],
  ['', undefined],
  ['1e3', undefined],
  ['99999999999', undefined],
  ['2026-01-02', undefined],
])('Retry-After %j is read', (text, expected) => {
  const asked = parseRetryAfter(text, NOW);
  // The oldest form names no time zone: it is this machine's to read.
  if (text.startsWith('Fri Jan')) expect(asked).toBeTypeOf('number');
  else expect(asked).toBe(expected);
});
