import { runProgram } from './program.js';

/** The `mgit` program: a prompt on a key-value store in a git repository. */
export async function main(): Promise<never> {
  return await runProgram(async () => 0);
}
