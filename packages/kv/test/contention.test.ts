import { describe, expect, test } from 'vitest';
import { Contention } from '../src/contention.js';

describe('Contention', () => {
  test('waits not at all on a branch where nobody met', () => {
    const contention = new Contention(() => 0.99);
    contention.won(100);
    expect(contention.isCrowded).toBe(false);
  });

  test('widens the time to choose from with each try that was lost, up to 64 tries and 30 s', () => {
    const contention = new Contention(() => 1);
    const windows: number[] = [];
    for (let n = 0; n < 10; n++) {
      contention.lost(100);
      windows.push(Math.round(((1 + n / 2) * contention.delay()) / 100));
    }
    expect(windows).toEqual([2, 5, 10, 19, 32, 53, 64, 64, 64, 64]);
    for (let n = 0; n < 3; n++) contention.won(1_000_000);
    contention.lost(1_000_000);
    expect(contention.delay()).toBe(30_000);
  });

  test('lets those go first who were overtaken most often', () => {
    const contention = new Contention(() => 1);
    const delays: number[] = [];
    for (let n = 0; n < 10; n++) {
      contention.lost(100);
      delays.push(Math.round(contention.delay()));
    }
    expect(delays).toEqual([200, 347, 516, 740, 1054, 1503, 1600, 1422, 1280, 1164]);
  });

  test('remembers over writes how crowded it was', () => {
    const contention = new Contention(() => 1);
    for (let n = 0; n < 3; n++) contention.lost(100);
    const windows: number[] = [];
    while (contention.isCrowded) {
      contention.won(100);
      windows.push(Math.round(contention.delay()));
    }
    expect(windows).toEqual([516, 258, 129, 65, 32, 0]);
  });

  test('forgets a first try that took long', () => {
    const contention = new Contention(() => 1);
    contention.lost(3000);
    for (let n = 0; n < 6; n++) contention.won(100);
    for (let n = 0; n < 2; n++) contention.lost(100);
    expect(contention.delay()).toBeLessThan(600);
  });

  /** Writers whose tries take as long as the server is busy: it has two processors. */
  function simulate(
    writers: number,
    commits: number,
    random: () => number,
  ): { readonly tries: number; readonly most: number; readonly slowest: number; readonly seconds: number } {
    const events: { at: number; run: (now: number) => void }[] = [];
    const after = (at: number, run: (now: number) => void): void => {
      const next = events.findIndex((event) => event.at > at);
      events.splice(next < 0 ? events.length : next, 0, { at, run });
    };
    let version = 0;
    let busy = 0;
    let tries = 0;
    let most = 0;
    let slowest = 0;
    let last = 0;
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
            slowest = Math.max(slowest, end - now);
            last = end;
            if (left > 1) write(end, left - 1);
          });
        };
        after(now + (contention.isCrowded ? contention.delay() : 0), attempt);
      };
      write(0, commits);
    }
    for (let event = events.shift(); event !== undefined; event = events.shift()) event.run(event.at);
    return { tries: tries / version, most, slowest: slowest / 1000, seconds: last / 1000 };
  }

  test.each([4, 16, 32])('lets %i writers share a slow branch, with fewer tries than a store makes', (writers) => {
    let seed = 20;
    const random = (): number => {
      seed = (seed * 48_271) % 0x7fffffff;
      return seed / 0x7fffffff;
    };
    const { tries, most, slowest, seconds } = simulate(writers, 25, random);
    expect(tries).toBeLessThan(3);
    expect(most).toBeLessThanOrEqual(16);
    // Nobody has the branch for most of the time.
    expect(slowest).toBeLessThan(seconds / 2);
  });
});
