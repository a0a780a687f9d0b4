import { deepStrictEqual } from 'node:assert';

/** What a suite written for `tape` asks of its `t`. */
interface Tape {
  plan(count: number): void;
  end(): void;
  is(actual: unknown, expected: unknown, message?: string): void;
  isNot(actual: unknown, expected: unknown, message?: string): void;
  same(actual: unknown, expected: unknown, message?: string): void;
  ok(value: unknown, message?: string): void;
  pass(message?: string): void;
  fail(message?: unknown): void;
  throws(run: () => void, expected?: unknown, message?: string): void;
  doesNotThrow(run: () => void, message?: string): void;
  ifError(error: unknown, message?: string): void;
  test(name: string, run: TapeRun): void;
}
type TapeRun = (t: Tape) => unknown;
export type TapeTest = (name: string, run: TapeRun) => void;

export interface TapeReport {
  readonly assertions: number;
  readonly tests: number;
  readonly failures: readonly string[];
}

/** Collects the tests of a suite written for `tape`, and runs them one after the other with tape's rules for plans and ends. */
export function createTape(): { readonly test: TapeTest; run(): Promise<TapeReport> } {
  const queue: [string, TapeRun][] = [];
  const report = { assertions: 0, tests: 0, failures: [] as string[] };
  return {
    test: (name, run) => {
      queue.push([name, run]);
    },
    run: async () => {
      for (const [name, run] of queue) await runTest(name, run, report);
      return report;
    },
  };
}

async function runTest(
  name: string,
  run: TapeRun,
  report: { assertions: number; tests: number; failures: string[] },
): Promise<void> {
  report.tests++;
  const subtests: [string, TapeRun][] = [];
  let planned: number | undefined;
  let count = 0;
  let hasEnded = false;
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = () => {
      hasEnded = true;
      resolve();
    };
  });
  const note = (isGood: boolean, message: unknown): void => {
    report.assertions++;
    count++;
    if (hasEnded) report.failures.push(`${name}: an assertion after the end: ${String(message)}`);
    if (!isGood) report.failures.push(`${name}: ${String(message)}`);
    if (count + subtests.length === planned) queueMicrotask(end);
  };
  const tries = (check: () => void): Error | undefined => {
    try {
      check();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  const shown = (value: unknown): string => (value instanceof Uint8Array ? `bytes ${value.join()}` : String(value));
  const t: Tape = {
    plan: (expected) => {
      planned = expected;
    },
    end: () => end(),
    is: (a, b, message) => note(Object.is(a, b), `${message}: ${shown(a)} is not ${shown(b)}`),
    isNot: (a, b, message) => note(!Object.is(a, b), `${message}: both are ${shown(a)}`),
    same: (a, b, message) => {
      const error = tries(() => deepStrictEqual(a, b));
      note(error === undefined, `${message}: ${error?.message}`);
    },
    ok: (value, message) => note(Boolean(value), message),
    pass: (message) => note(true, message),
    fail: (message) => note(false, message),
    throws: (body, expected, message) => {
      const error = tries(body);
      const isExpected = expected instanceof RegExp ? expected.test(String(error)) : true;
      note(error !== undefined && isExpected, `${message}: ${String(error)}`);
    },
    doesNotThrow: (body, message) => note(tries(body) === undefined, message),
    ifError: (error, message) => note(!error, `${message}: ${String(error)}`),
    test: (subname, body) => {
      subtests.push([`${name}: ${subname}`, body]);
      if (count + subtests.length === planned) queueMicrotask(end);
    },
  };
  try {
    const result = run(t);
    // A test that gives a promise ends with it; another one ends by its plan or by itself.
    if (result instanceof Promise) await result;
    if (planned !== undefined && count + subtests.length < planned) await within(ended, name);
    else if (planned === undefined && !(result instanceof Promise) && subtests.length === 0) await within(ended, name);
  } catch (error) {
    report.failures.push(`${name}: threw ${error instanceof Error ? error.stack : String(error)}`);
  }
  hasEnded = true;
  const total = count + subtests.length;
  if (planned !== undefined && total !== planned) report.failures.push(`${name}: ${total} of ${planned} assertions`);
  for (const [subname, body] of subtests) await runTest(subname, body, report);
}

async function within(ended: Promise<void>, name: string): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not end`)), 5000);
  });
  await Promise.race([ended, late]).finally(() => clearTimeout(timer));
}
