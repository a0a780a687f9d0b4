// The text of the eighty steps of SHA-1 and of the filter, for the plain kernel and the one in AssemblyScript.
import { CONDITIONS } from './conditions.mjs';

/** The words of the expanded message that the conditions read. */
export const FIRST_WORD = Math.min(...CONDITIONS.map((row) => Math.min(row[0], row[2])));
export const LAST_WORD = Math.max(...CONDITIONS.map((row) => Math.max(row[0], row[2])));

const NAMES = ['a', 'b', 'c', 'd', 'e'];

/** Which local holds the register `role` (0 to 4 for a to e) before `step`: the locals stay, the roles move. */
export function registerBefore(step, role) {
  return NAMES[(((role - step) % 5) + 5) % 5];
}

/** The four words that the message expansion makes word `step` of; a word and the one sixteen later share a local. */
export function expansionOf(step) {
  return [step - 3, step - 8, step - 14, step - 16].map((word) => `w${word % 16}`);
}

/** Plain TypeScript: one step, which may keep its word for the filter. */
export function plainStep(step) {
  const [a, b, c, d, e] = [0, 1, 2, 3, 4].map((role) => registerBefore(step, role));
  const word = `w${step % 16}`;
  const lines = [];
  if (step >= 16) {
    lines.push(`x = ${expansionOf(step).join(' ^ ')};`, `${word} = (x << 1) | (x >>> 31);`);
  }
  if (step >= FIRST_WORD && step <= LAST_WORD) lines.push(`words[${step}] = ${word};`);
  const [mix, constant] = [
    [`(${d} ^ (${b} & (${c} ^ ${d})))`, '+ 0x5a827999'],
    [`(${b} ^ ${c} ^ ${d})`, '+ 0x6ed9eba1'],
    [`((${b} & ${c}) | (${d} & (${b} | ${c})))`, '- 0x70e44324'],
    [`(${b} ^ ${c} ^ ${d})`, '- 0x359d3e2a'],
  ][Math.floor(step / 20)];
  lines.push(`${e} = (((${a} << 5) | (${a} >>> 27)) + ${mix} + ${e} + ${word} ${constant}) | 0;`);
  lines.push(`${b} = (${b} << 30) | (${b} >>> 2);`);
  return lines;
}

/** Plain TypeScript: shut out the vectors of one condition that does not hold. */
export function plainCondition([word, bit, other, otherBit, difference, vectors]) {
  // Both bits are brought to the place of the first, whose value is then all or nothing.
  const moved =
    bit === otherBit
      ? `words[${other}]!`
      : otherBit > bit
        ? `(words[${other}]! >>> ${otherBit - bit})`
        : `(words[${other}]! << ${bit - otherBit})`;
  const bits = `(((words[${word}]! ^ ${moved}) << ${31 - bit}) >> 31)`;
  // `~vectors` fits 32 bits signed.
  const rest = ~vectors;
  return difference === 1 ? `mask &= ${bits} | ${rest};` : `mask &= ~${bits} | ${rest};`;
}

export { CONDITIONS };
