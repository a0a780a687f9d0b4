import { type AdvertiseReceivePackOptions, type ReceiveRules, readHiddenRefs } from '@git-kv/repository';
import { Config } from '@git-kv/repository/file';
import type { FileRepository } from '@git-kv/repository/node-fs';
import type { Console } from './console.js';
import { readFsckConfig } from './fsck-config.js';
import { readGitConfig } from './git-config.js';

/** What the configuration says of pushes into a repository. */
export interface ReceiveSettings {
  readonly rules: ReceiveRules;
  readonly hidden: readonly string[];
  readonly announced: Pick<AdvertiseReceivePackOptions, 'pushOptions' | 'atomic'>;
}

/** Read the settings of receive-pack, of the repository and of the user. @see git-config(1), receive.* */
export async function readReceiveSettings(console: Console, repository: FileRepository): Promise<ReceiveSettings> {
  const { entries } = await readGitConfig(console, repository);
  const config = new Config(entries);
  const checkObjects =
    config.getBoolean('receive', 'fsckobjects') ?? config.getBoolean('transfer', 'fsckobjects') ?? true;
  const maxPackBytes = config.getInteger('receive', 'maxinputsize') ?? 0;
  return {
    rules: {
      denyNonFastForwards: config.getBoolean('receive', 'denynonfastforwards') ?? false,
      denyDeletes: config.getBoolean('receive', 'denydeletes') ?? false,
      denyDeleteCurrent: denial(config.get('receive', 'denydeletecurrent')),
      denyCurrentBranch: denial(config.get('receive', 'denycurrentbranch')),
      ...(maxPackBytes > 0 && { maxPackBytes }),
      shallowUpdate: config.getBoolean('receive', 'shallowupdate') ?? false,
      checkObjects: checkObjects && (await readFsckConfig(console, repository, 'receive')),
    },
    hidden: readHiddenRefs(config, 'receive'),
    announced: {
      atomic: config.getBoolean('receive', 'advertiseatomic') ?? true,
      pushOptions: config.getBoolean('receive', 'advertisepushoptions') ?? false,
    },
  };
}

/** What a setting that says `refuse`, `warn` or `ignore` comes to; `updateInstead`, which is not done here, refuses. */
function denial(value: string | undefined): boolean | 'warn' {
  if (value !== undefined && /^warn$/i.test(value)) return 'warn';
  return value === undefined || !/^(?:ignore|false|no|off|0)$/i.test(value);
}
