import { describe, expect, test } from 'vitest';
import { tsgitCommands } from '../src/tsgit-commands.js';

describe('the list of commands', () => {
  test('is sorted by name, each name once', () => {
    const names = tsgitCommands.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
  });

  test.each(tsgitCommands.map((entry) => [entry.name, entry] as const))(
    'loads %s, whose usage names it',
    async (name, entry) => {
      expect((await entry.load()).usage.split('\n').map((form) => form.split(' ')[0])).toContain(name);
    },
  );
});
