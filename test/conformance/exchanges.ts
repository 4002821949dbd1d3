/** A request with its response, as they went over the wire. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Parsed, where it was JSON. */
  readonly body: unknown;
  /** Absent where no response came, or one that a test asked for in place of the real one. */
  readonly status?: number;
  /** The body of the response: parsed, where it was JSON. */
  readonly response?: unknown;
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Returns a `fetch` that notes what goes through it. `isReal` says whether responses are those of the service itself. */
export function notingFetch(
  exchanges: Exchange[],
  isReal: () => boolean = () => true,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input instanceof Request ? input.clone() : input, init);
    const { pathname: path, searchParams } = new URL(request.url);
    const asked = {
      method: request.method,
      path,
      query: Object.fromEntries(searchParams),
      body: parsed(await request.text()),
    };
    const index = exchanges.push(asked) - 1;
    const response = await fetch(input, init);
    if (isReal()) {
      const { status } = response;
      exchanges[index] = { ...asked, status, response: parsed(await response.clone().text()) };
    }
    return response;
  };
}
