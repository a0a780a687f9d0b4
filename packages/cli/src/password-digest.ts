import { createHash, createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** What is kept of a password, and how a given one is held against it. */
export interface PasswordDigest {
  matches(password: string): Promise<boolean>;
  /** One that no password matches and that takes as long to say so: for names that nobody has. */
  decoy(): PasswordDigest;
}

/** How much work one look costs: 32 MiB of memory and some 0.1 s. */
const LOG_N = 15;
const BLOCK_SIZE = 8;
const PARALLELISM = 1;
const KEY_BYTES = 32;
/** What a file may ask for: it is its owner's, but a slip should not stop a server. */
const MAX_MEMORY_BYTES = 256 * 2 ** 20;
const MAX_PARALLELISM = 16;

/**
 * A digest for a file of accounts, with a salt of its own:
 *
 *     digest = "$scrypt$ln=" log2(N) ",r=" block size ",p=" parallelism "$" salt "$" key   ; base64 without padding
 *
 * @see RFC 7914
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, {
    salt,
    logN: LOG_N,
    blockSize: BLOCK_SIZE,
    parallelism: PARALLELISM,
    keyBytes: KEY_BYTES,
  });
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');
  return `$scrypt$ln=${LOG_N},r=${BLOCK_SIZE},p=${PARALLELISM}$${text(salt)}$${text(key)}`;
}

/** Read a digest: what {@link hashPassword} makes, or 64 hex digits of SHA-256. `undefined` for what is neither. */
export function parsePasswordDigest(text: string): PasswordDigest | undefined {
  if (/^[0-9a-f]{64}$/.test(text)) {
    return plainDigest(Buffer.from(text, 'hex'));
  }
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [logN, blockSize, parallelism] = match.slice(1, 4).map(Number) as [number, number, number];
  const isSane = logN >= 1 && blockSize >= 1 && parallelism >= 1 && parallelism <= MAX_PARALLELISM;
  if (!isSane || 128 * 2 ** logN * blockSize > MAX_MEMORY_BYTES) return undefined;
  const expected = Buffer.from(match[5] as string, 'base64');
  const settings = {
    salt: Buffer.from(match[4] as string, 'base64'),
    logN,
    blockSize,
    parallelism,
    keyBytes: expected.length,
  };
  return new ScryptDigest(settings, expected);
}

function plainDigest(expected: Uint8Array): PasswordDigest {
  return {
    matches: async (password) => timingSafeEqual(createHash('sha256').update(password).digest(), expected),
    decoy: () => plainDigest(randomBytes(expected.length)),
  };
}

interface ScryptSettings {
  readonly salt: Uint8Array;
  readonly logN: number;
  readonly blockSize: number;
  readonly parallelism: number;
  readonly keyBytes: number;
}

/** One look at a time, in this process: each takes its memory. */
let last: Promise<unknown> = Promise.resolve();
let waiting = 0;
/** Looks that wait; more are refused at once, so that a flood of guesses holds neither memory nor those who are let in already. */
const MAX_WAITING = 64;

class ScryptDigest implements PasswordDigest {
  readonly #settings: ScryptSettings;
  readonly #expected: Uint8Array;
  /** Names the password that was right, for as long as this process lives: git asks several times. */
  readonly #secret = randomBytes(32);
  #known: Uint8Array | undefined;

  constructor(settings: ScryptSettings, expected: Uint8Array) {
    this.#settings = settings;
    this.#expected = expected;
  }

  decoy(): PasswordDigest {
    return new ScryptDigest(this.#settings, randomBytes(this.#expected.length));
  }

  async matches(password: string): Promise<boolean> {
    const name = createHmac('sha256', this.#secret).update(password).digest();
    if (this.#known !== undefined && timingSafeEqual(this.#known, name)) return true;
    if (waiting >= MAX_WAITING) return false;
    waiting++;
    const look = last.then(() => derive(password, this.#settings));
    last = look.catch(() => {}); // told to whoever asked
    try {
      const isRight = timingSafeEqual(await look, this.#expected);
      if (isRight) this.#known = name;
      return isRight;
    } finally {
      waiting--;
    }
  }
}

function derive(
  password: string,
  { salt, logN, blockSize, parallelism, keyBytes }: ScryptSettings,
): Promise<Uint8Array> {
  const options = { N: 2 ** logN, r: blockSize, p: parallelism, maxmem: 2 * MAX_MEMORY_BYTES };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, keyBytes, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
