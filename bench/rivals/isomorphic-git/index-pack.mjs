// index-pack.mjs DIRECTORY PACK: write the idx of DIRECTORY/PACK beside it.
import fs from 'node:fs';
import git from 'isomorphic-git';
import { report } from '../../lib/report.mjs';

const [dir = '', filepath = ''] = process.argv.slice(2);
const { oids } = await git.indexPack({ fs, dir, gitdir: dir, filepath });
report({ objects: oids.length });
