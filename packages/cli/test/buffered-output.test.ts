import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BufferedOutput } from '../src/buffered-output.js';

test('a buffered output sends all it was given, in order and in large pieces, and leaves it alone', async () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20_000 });
  const bytes = fc.uint8Array({ maxLength: 100_000 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(text, bytes), { maxLength: 40 }), fc.boolean(), async (chunks, waits) => {
      const sent: Uint8Array[] = [];
      const output = new BufferedOutput({
        write: async (chunk) => {
          await Promise.resolve();
          sent.push(chunk as Uint8Array);
        },
      });
      for (const chunk of chunks) {
        if (waits) await output.write(chunk);
        else output.put(chunk);
      }
      await output.flush();
      for (const piece of sent.slice(0, -1)) expect(piece.length).toBeGreaterThanOrEqual(1 << 16);
      expect(Buffer.concat(sent).equals(Buffer.concat(chunks.map((chunk) => Buffer.from(chunk as string))))).toBe(true);
    }),
    { numRuns: 50 },
  );
});
