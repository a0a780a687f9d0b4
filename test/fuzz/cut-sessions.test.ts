import { isGitError } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import type { LineCounts } from './lib/middle/link.js';
import type { Direction } from './lib/middle/mutator.js';
import { runSession, type Session, type Task } from './lib/middle/sessions.js';

// Whole sessions of our client with our server, ended after so many bytes of either side: after each byte with GIT_KV_SLOW=1, else after
// a few. What must hold of both repositories then, runSession sees to.
const CUTS = process.env.GIT_KV_SLOW === '1' ? Number.POSITIVE_INFINITY : 4;

const SESSIONS: readonly (readonly [Task, Session['version']])[] = [
  ['ls-refs', 2],
  ['clone', 0],
  ['clone', 2],
  ['fetch', 0],
  ['fetch', 1],
  ['fetch', 2],
  ['deepen', 2],
  ['partial', 2],
  ['push', 0],
  ['push', 1],
  ['atomic push', 0],
];

/** Places to cut at, the first and the last byte among them. */
function places(length: number): number[] {
  const step = Math.max(1, (length - 1) / (CUTS - 1));
  const found: number[] = [];
  for (let at = 0; at < length - 1; at += step) found.push(Math.floor(at));
  return [...found, length - 1];
}

describe.each(['connection', 'requests'] as const)('a session over a %s', (carrier) => {
  test.each(SESSIONS)(
    '(%s, v%i) that is cut ends with a typed error or well, and harms nothing',
    async (task, version) => {
      const session = { task, version, carrier };
      let whole: LineCounts = { request: 0, answer: 0 };
      await runSession(session, {
        onBytes: (counts) => {
          whole = counts;
        },
      });
      let failures = 0;
      for (const direction of ['request', 'answer'] as const satisfies readonly Direction[]) {
        for (const bytes of places(whole[direction])) {
          try {
            await runSession(session, { cut: { direction, bytes } });
          } catch (error) {
            expect(isGitError(error), `${direction} cut at ${bytes}: ${error}`).toBe(true);
            failures++;
          }
        }
      }
      expect(failures).toBeGreaterThan(0);
    },
  );
});
