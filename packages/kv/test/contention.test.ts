import { describe, expect, test } from 'vitest';
import { Contention } from '../src/contention.js';

describe('Contention', () => {
  test('waits not at all on a branch where nobody met', () => {
    const contention = new Contention(() => 0.99);
    contention.won(100);
    expect(contention.isCrowded).toBe(false);
  });

  test('doubles the time to choose from with each try that was lost, up to 64 tries and 30 s', () => {
    const contention = new Contention(() => 1);
    const delays: number[] = [];
    for (let n = 0; n < 8; n++) {
      contention.lost(100);
      delays.push(Math.round(contention.delay()));
    }
    expect(delays).toEqual([200, 400, 800, 1600, 3200, 6400, 6400, 6400]);
    for (let n = 0; n < 50; n++) contention.lost(5000);
    expect(contention.delay()).toBe(30_000);
  });

  test('remembers over writes how crowded it was', () => {
    const contention = new Contention(() => 1);
    for (let n = 0; n < 3; n++) contention.lost(100);
    contention.won(100);
    expect(contention.isCrowded).toBe(true);
    expect(Math.round(contention.delay())).toBe(200);
    contention.won(100);
    expect(contention.isCrowded).toBe(false);
  });

  /** Writers whose tries take as long as the server is busy: it has two processors. */
  function simulate(writers: number, commits: number, random: () => number): { tries: number; most: number } {
    const events: { at: number; run: (now: number) => void }[] = [];
    const after = (at: number, run: (now: number) => void): void => {
      const next = events.findIndex((event) => event.at > at);
      events.splice(next < 0 ? events.length : next, 0, { at, run });
    };
    let version = 0;
    let busy = 0;
    let tries = 0;
    let most = 0;
    for (let who = 0; who < writers; who++) {
      const contention = new Contention(random);
      const write = (now: number, left: number): void => {
        let lost = 0;
        const attempt = (start: number): void => {
          const seen = version;
          tries++;
          busy++;
          const took = 100 + 200 * Math.max(1, busy / 2) * (0.8 + 0.4 * random());
          after(start + took, (end) => {
            busy--;
            if (seen !== version) {
              most = Math.max(most, ++lost);
              contention.lost(took);
              after(end + contention.delay(), attempt);
              return;
            }
            version++;
            contention.won(took);
            if (left > 1) write(end, left - 1);
          });
        };
        after(now + (contention.isCrowded ? contention.delay() : 0), attempt);
      };
      write(0, commits);
    }
    for (let event = events.shift(); event !== undefined; event = events.shift()) event.run(event.at);
    return { tries: tries / version, most };
  }

  test.each([4, 16, 32])('lets %i writers share a slow branch, with fewer tries than a store makes', (writers) => {
    let seed = 20;
    const random = (): number => {
      seed = (seed * 48_271) % 0x7fffffff;
      return seed / 0x7fffffff;
    };
    const { tries, most } = simulate(writers, 25, random);
    expect(tries).toBeLessThan(2.5);
    expect(most).toBeLessThanOrEqual(16);
  });
});
