// The kernel cases that hash.
import { createHash } from 'node:crypto';
import { BATCH, hashInputs } from './kernel.mjs';
import { makeKernelCase } from './kernel-case.mjs';

/**
 * @param {Omit<Parameters<typeof makeKernelCase>[0], 'expected' | 'measureBytes' | 'pictured'> & { digest: (input: Uint8Array) => Uint8Array }} options
 */
export function makeHashCase({ digest, ...options }) {
  return makeKernelCase({
    ...options,
    title: `${options.title}; "objects" is a mix of 100 B to 20 kB, also as one batch`,
    pictured: ['64 B', BATCH, '64 KiB'],
    measureBytes: () => {
      const sets = hashInputs().map(({ name, bytes }) => /** @type {const} */ ([name, bytes]));
      return Object.fromEntries([...sets, [BATCH, sets.at(-1)?.[1] ?? 0]]);
    },
    expected: () => {
      const answers = hashInputs().map(({ name, inputs }) => {
        const all = createHash('sha256');
        for (const input of inputs) all.update(digest(input));
        return /** @type {const} */ ([name, all.digest('hex')]);
      });
      return Object.fromEntries([...answers, [BATCH, answers.at(-1)?.[1] ?? '']]);
    },
  });
}
