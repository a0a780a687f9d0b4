import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Deadline } from '../../src/transport/deadline.js';
import { Pace } from '../../src/transport/pace.js';

describe('a deadline', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('ends an exchange in which nothing moves', () => {
    const deadline = new Deadline(undefined, 1000);
    deadline.start();
    vi.advanceTimersByTime(999);
    deadline.start();
    vi.advanceTimersByTime(999);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.aborted).toBe(true);
    expect(() => deadline.throwIfOver()).toThrow('nothing was transferred for 1000 ms');
  });

  test('that is over starts no clock again', () => {
    const pace = { minBytesPerSecond: 1, windowMs: 1000 };
    const deadline = new Deadline(undefined, 1000, (onTooSlow) => new Pace(pace, onTooSlow));
    deadline.start();
    deadline.end();
    deadline.start();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(deadline.signal.aborted).toBe(false);
  });
});
