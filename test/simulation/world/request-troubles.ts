import type { Fault } from '../../../src/testing/emulators/server/types.js';
import type { RequestTrouble } from '../steps.js';

const hasuraErrors = (code: string) => ({
  status: 200,
  body: { errors: [{ extensions: { code, path: '$' }, message: 'the test asked for this response' }] },
});

/** What the emulator is told to do. Hasura Cloud answers most failures with status 200. */
export function faultOf(trouble: RequestTrouble, isHasura: boolean, now: number): Fault {
  switch (trouble) {
    case 'reset-before':
    case 'reset-after':
    case 'html-before':
    case 'html-after':
    case 'hang-before':
    case 'hang-after':
    case 'truncate':
    case 'cut':
      return trouble;
    case '401':
      return isHasura ? hasuraErrors('access-denied') : { status: 401 };
    case '403':
      return isHasura ? hasuraErrors('forbidden') : { status: 403 };
    case '400':
      return isHasura ? hasuraErrors('bad-request') : { status: 400 };
    case '429':
      return { status: 429 };
    case '429-retry-after':
      return { status: 429, headers: { 'retry-after': '7' } };
    case '429-reset':
      return {
        status: 429,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(now / 1000) + 9) },
      };
    case '429-long':
      return { status: 429, headers: { 'retry-after': '3600' } };
    case '500':
      return { status: 500 };
    case '503':
      return { status: 503 };
    case '500-acted':
      return { status: 500, act: true };
    case '502-acted':
      return { status: 502, act: true, body: '<html>Bad gateway</html>' };
  }
}
