// read-ref.mjs GIT_DIR NAME OID: look up one ref.
import { openRepository } from '@git-kv/repository/node-fs';
import { report } from '../../lib/report.mjs';

const [gitDir = '', name = '', oid] = process.argv.slice(2);
const { refs } = await openRepository(gitDir);
const value = await refs.read(name);
report({ found: Number(value !== undefined && 'oid' in value && value.oid === oid) });
