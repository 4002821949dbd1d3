import type { EmulatorAnswer } from '../server/answers.js';
import type { RequestLogEntry } from '../server/types.js';
import type { InfisicalSwitches } from './switches.js';
import { refusal } from './wire.js';

/** The tokens that one emulator handed out. */
export interface InfisicalTokens {
  /** A new token. */
  readonly issue: () => string;
  /** Lets a token live on. Whether it was one that still does. */
  readonly renew: (token: string) => boolean;
  /** Why a request is not let in; `undefined` where it is. */
  refuse(request: RequestLogEntry): EmulatorAnswer | undefined;
  /** The oldest first. */
  readonly all: () => readonly string[];
  /** Ends all. */
  readonly expire: () => void;
}

export function createTokens(switches: InfisicalSwitches, now: () => number): InfisicalTokens {
  /** When each token ends, in ms since the epoch. */
  const ends = new Map<string, number>();
  const nextEnd = () => (switches.tokenLife === 0 ? Infinity : now() + switches.tokenLife * 1_000);
  const isAlive = (token: string) => (ends.get(token) ?? 0) > now();
  return {
    issue() {
      const token = `infisical-emulator-token-${ends.size + 1}`;
      ends.set(token, nextEnd());
      return token;
    },
    renew(token) {
      const isRenewed = isAlive(token);
      if (isRenewed) ends.set(token, nextEnd());
      return isRenewed;
    },
    refuse(request) {
      const [, token] = /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '') ?? [];
      if (token === undefined) return refusal(switches, request, 401, 'UnauthorizedError', 'Token missing');
      if (isAlive(token)) return undefined;
      return switches.tokenRefusal === '403'
        ? refusal(switches, request, 403, 'TokenError', 'Your token has expired. Please re-authenticate.')
        : refusal(switches, request, 401, 'UnauthorizedError', 'Your token has expired');
    },
    all: () => [...ends.keys()],
    expire: () => ends.forEach((_end, token) => ends.set(token, 0)),
  };
}
