/** Why a server refuses a change, for programs and for people: what a hook of this library's server may answer. */
export interface CodedRefusal {
  /** What a program tells reasons apart by: letters, digits, `.`, `_` and `-`, at most 64. */
  readonly code: string;
  /** The exit code that a command of the pusher ends with for it, 1 to 255. */
  readonly exit?: number;
  /** For people; one line. */
  readonly message?: string;
}

const MARK = 'kv:';
const CODE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const REASON = /^kv:([A-Za-z0-9][A-Za-z0-9._-]{0,63})(?: exit=([1-9][0-9]{0,2}))?(?:: (.*))?$/s;
const MAX_EXIT = 255;

/**
 * A refusal as the reason of a report, which git shows to its user as it stands.
 *
 *     reason = "kv:" code [SP "exit=" 1*3digit] [":" SP message]
 *
 * @throws {RangeError} for a code or an exit code that is none
 */
export function serializeCodedRefusal({ code, exit, message }: CodedRefusal): string {
  if (!CODE.test(code)) throw new RangeError(`Cannot refuse with code ${JSON.stringify(code)}: it is no word`);
  if (exit !== undefined && !(Number.isInteger(exit) && exit >= 1 && exit <= MAX_EXIT)) {
    throw new RangeError(`Cannot refuse with exit code ${exit}: it is not between 1 and ${MAX_EXIT}`);
  }
  const words = message === undefined || message.trim() === '' ? '' : `: ${message.replace(/\s+/g, ' ').trim()}`;
  return `${MARK}${code}${exit === undefined ? '' : ` exit=${exit}`}${words}`;
}

/** The refusal that a reason holds, or `undefined` where it is in words only. */
export function parseCodedRefusal(reason: string): CodedRefusal | undefined {
  const match = REASON.exec(reason);
  if (match === null) return undefined;
  const [, code = '', exit, message] = match;
  if (exit !== undefined && Number(exit) > MAX_EXIT) return undefined;
  return { code, ...(exit !== undefined && { exit: Number(exit) }), ...(message !== undefined && { message }) };
}
