import { resolve } from 'node:path';
import { type Console, UsageError } from './console.js';
import { runCommands, runProgram } from './program.js';
import { tsgitCommands } from './tsgit-commands.js';

/** The `tsgit` program: git's plumbing with git's own names, flags and output. */
export async function main(): Promise<never> {
  return await runProgram((console) => tsgit(process.argv.slice(2), console));
}

/** The same over a {@link Console}, without ending the process. Handles git's own global options. */
export async function tsgit(args: readonly string[], console: Console): Promise<number> {
  let { cwd, env } = console;
  let at = 0;
  for (; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg === '-C') {
      const directory = args[++at];
      if (directory === undefined) throw new UsageError('no directory given for -C');
      cwd = resolve(cwd, directory);
    } else if (arg === '-c') {
      const setting = args[++at];
      if (setting === undefined) throw new UsageError('-c expects a configuration string');
      env = await (await import('./git-config.js')).withSetting(console, env, setting);
    } else if (arg.startsWith('--git-dir=')) {
      env = { ...env, GIT_DIR: arg.slice('--git-dir='.length) };
    } else if (arg === '--git-dir') {
      const directory = args[++at];
      if (directory === undefined) throw new UsageError('no directory given for --git-dir');
      env = { ...env, GIT_DIR: directory };
    } else break;
  }
  return await runCommands('tsgit', tsgitCommands, args.slice(at), { ...console, cwd, env });
}
