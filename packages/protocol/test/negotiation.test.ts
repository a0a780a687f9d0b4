import { DEFAULT_PROTOCOL_LIMITS, Negotiation, protocolLimits } from '@git-kv/protocol';
import { describe, expect, test } from 'vitest';

const oids = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => (from + index).toString(16).padStart(40, '0'));

describe('a negotiation', () => {
  test.each([0, 1, 64])('with %i haves is over in one round', async (count) => {
    const negotiation = new Negotiation(oids(count), 1, DEFAULT_PROTOCOL_LIMITS);
    expect(await negotiation.nextRound()).toEqual({ haves: oids(count), done: true });
  });

  test('asks in growing rounds, and repeats what is common', async () => {
    const negotiation = new Negotiation(oids(2000), 1, DEFAULT_PROTOCOL_LIMITS);
    expect(await negotiation.nextRound()).toEqual({ haves: oids(64), done: false });
    negotiation.acknowledge({ commonOids: [oids(1)[0]!], ready: false });
    expect(await negotiation.nextRound()).toEqual({ haves: [...oids(1), ...oids(128, 64)], done: false });
  });

  test('ends when the server is ready', async () => {
    const negotiation = new Negotiation(oids(2000), 1, DEFAULT_PROTOCOL_LIMITS);
    await negotiation.nextRound();
    negotiation.acknowledge({ commonOids: oids(1), ready: true });
    expect(await negotiation.nextRound()).toEqual({ haves: oids(1), done: true });
  });

  test('gives up after haves that nobody knows, where some were known', async () => {
    const negotiation = new Negotiation(oids(100_000), 1, DEFAULT_PROTOCOL_LIMITS);
    for (let round = 1; round <= 3; round++) {
      expect((await negotiation.nextRound()).done).toBe(false);
      negotiation.acknowledge({ commonOids: oids(1), ready: false });
    }
    expect(await negotiation.nextRound()).toEqual({ haves: oids(1), done: true });
  });

  test('keeps to the limits: lines of a request, and rounds', async () => {
    const limits = protocolLimits({ maxObjectLines: 300, maxRounds: 3 });
    const negotiation = new Negotiation(oids(100_000), 100, limits);
    const rounds = [await negotiation.nextRound(), await negotiation.nextRound(), await negotiation.nextRound()];
    expect(rounds.map((round) => round.haves.length)).toEqual([64, 128, 200]);
    expect(rounds.map((round) => round.done)).toEqual([false, false, true]);
  });

  test('reads no more haves than it needs, and lets go of their source', async () => {
    let read = 0;
    let isClosed = false;
    async function* source(): AsyncGenerator<string, void> {
      try {
        for (const oid of oids(5000)) {
          read++;
          yield oid;
        }
      } finally {
        isClosed = true;
      }
    }
    const negotiation = new Negotiation(source(), 1, DEFAULT_PROTOCOL_LIMITS);
    await negotiation.nextRound();
    expect(read).toBe(65);
    negotiation.acknowledge({ commonOids: [], ready: true });
    await negotiation.nextRound();
    expect(isClosed).toBe(true);
  });
});

describe('a negotiation that skips', () => {
  test('tells ever fewer haves, the first and the last among them', async () => {
    const negotiation = new Negotiation(oids(1000), 1, DEFAULT_PROTOCOL_LIMITS, { kind: 'skipping' });
    const { haves, done } = await negotiation.nextRound();
    expect(haves.map((oid) => Number.parseInt(oid, 16))).toEqual([
      0, 1, 3, 6, 11, 19, 31, 49, 76, 117, 179, 272, 412, 622, 937, 999,
    ]);
    expect(done).toBe(true);
  });

  test('is over in one round where there is nothing', async () => {
    const negotiation = new Negotiation([], 1, DEFAULT_PROTOCOL_LIMITS, { kind: 'skipping' });
    expect(await negotiation.nextRound()).toEqual({ haves: [], done: true });
  });
});

test('a negotiation with a server that remembers does not repeat what is common', async () => {
  const negotiation = new Negotiation(oids(2000), 1, DEFAULT_PROTOCOL_LIMITS, { isStateful: true });
  await negotiation.nextRound();
  negotiation.acknowledge({ commonOids: oids(1), ready: false });
  expect(await negotiation.nextRound()).toEqual({ haves: oids(128, 64), done: false });
  expect(negotiation.commonOids).toEqual(oids(1));
});
