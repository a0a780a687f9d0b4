// The kernel cases of deltas, which no other library offers by themselves.
import { createHash } from 'node:crypto';
import { deltaInputs } from './kernel.mjs';
import { makeKernelCase } from './kernel-case.mjs';

/** @param {{ name: string, title: string }} texts */
export function makeDeltaCase(texts) {
  return makeKernelCase({
    ...texts,
    pictured: [],
    measureBytes: () => Object.fromEntries(deltaInputs().map(({ name, bytes }) => [name, bytes])),
    expected: () =>
      Object.fromEntries(
        deltaInputs().map(({ name, pairs }) => {
          const all = createHash('sha256');
          for (const { target } of pairs) all.update(target);
          return [name, all.digest('hex')];
        }),
      ),
    rivals: () => [],
  });
}
