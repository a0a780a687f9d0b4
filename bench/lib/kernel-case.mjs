// The kernel cases: each kernel of ours from its three entries, and the rivals that have the same.
import { missingPackage, ourScript, rivalScript } from './contender.mjs';

/** @import { Answer, BenchCase, Contender, Context } from './contender.mjs' */

const ENTRIES = /** @type {const} */ ([
  ['node', 'git-kv kernels'],
  ['wasm', 'git-kv kernels, wasm only'],
  ['portable', 'git-kv kernels, plain JS only'],
]);

/**
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.title
 * @param {readonly string[]} options.pictured
 * @param {string} [options.hashPolicy]
 * @param {string} [options.note]  on ours
 * @param {() => Answer} options.expected
 * @param {() => Record<string, number>} options.measureBytes
 * @param {(rivals: Context['rivals']) => readonly { name: string, id: string, note?: string, unavailable?: string | undefined }[]} options.rivals
 * @returns {BenchCase}
 */
export function makeKernelCase({ name, title, pictured, hashPolicy, note, expected, measureBytes, rivals }) {
  /** @type {(contender: Partial<Contender> & Pick<Contender, 'name' | 'group' | 'command'>) => Contender} */
  const contender = (given) => ({ ...(hashPolicy === undefined ? {} : { hashPolicy }), ...given });
  return {
    name,
    title,
    unit: 'ns',
    pictured,
    expected,
    measureBytes,
    contenders: (context) => [
      ...ENTRIES.map(([entry, ours]) =>
        contender({
          name: ours,
          group: 'ours',
          ...(note === undefined ? {} : { note }),
          unavailable: missingPackage('kernels'),
          command: (run) => ourScript('kernel.mjs', [name, entry], run),
        }),
      ),
      ...rivals(context.rivals).map((rival) =>
        contender({
          name: rival.name,
          group: 'rival',
          ...(hashPolicy === undefined ? {} : { hashPolicy: 'trust' }),
          ...(rival.note === undefined ? {} : { note: rival.note }),
          unavailable: rival.unavailable,
          command: (run) => rivalScript('kernels/kernel.mjs', [name, rival.id], run),
        }),
      ),
    ],
  };
}
