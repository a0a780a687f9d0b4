import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { CredentialsProvider } from '@git-kv/protocol';
import { CommandError, type Console } from './console.js';

/**
 * Credentials for a remote that asks for them: GIT_KV_USERNAME and GIT_KV_PASSWORD first, then those of {@link terminalCredentials}.
 * (Those in a URL are the transport's own business and come before both.)
 */
export function consoleCredentials(console: Console): CredentialsProvider {
  const fromTerminal = terminalCredentials(console);
  let hasGivenEnvironment = false;
  return async (request) => {
    const { GIT_KV_USERNAME: username, GIT_KV_PASSWORD: password } = console.env;
    if (hasGivenEnvironment || password === undefined) return await fromTerminal(request);
    hasGivenEnvironment = true;
    return { username: username ?? request.username ?? '', password };
  };
}

/** Asks the person at the terminal; gives up where there is none. */
export function terminalCredentials(console: Console): CredentialsProvider {
  return async ({ url, username }) => {
    if (console.stdin.isTTY !== true || !console.stderr.isTTY) return undefined;
    const name = username ?? console.env.GIT_KV_USERNAME ?? (await ask(console, `Username for '${url}': `, false));
    return { username: name, password: await ask(console, `Password for '${name}' at '${url}': `, true) };
  };
}

/** One answer from the terminal; a hidden one is not echoed. */
async function ask(console: Console, question: string, isHidden: boolean): Promise<string> {
  const output = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      if (isHidden) done();
      else console.stderr.write(chunk).then(() => done(), done);
    },
  });
  const prompt = createInterface({ input: console.stdin, output, terminal: true });
  // The terminal hands over each key as it is, so Ctrl-C is no signal until somebody makes it one.
  prompt.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const closed = new Promise<never>((_resolve, reject) => {
    prompt.once('close', () => reject(new CommandError('no answer on the terminal')));
  });
  try {
    // Only now: by this time the terminal has stopped to echo by itself.
    if (isHidden) await console.stderr.write(question);
    // What is echoed starts by clearing its line, so the question has to be part of it.
    const answer = prompt.question(isHidden ? '' : question, { signal: console.signal });
    return await Promise.race([answer, closed]);
  } finally {
    closed.catch(() => {}); // closed below where it was not by Ctrl-D
    prompt.close();
    await new Promise<void>((resolve) => output.end(resolve)); // the echo is out before the next question
    if (isHidden) await console.stderr.write('\n');
  }
}
