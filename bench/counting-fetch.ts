/** A `fetch` that counts the bytes of bodies, of requests and responses. */
export function createCountingFetch(): { readonly fetch: typeof globalThis.fetch; bytes(): number } {
  let bytes = 0;
  return {
    bytes: () => bytes,
    async fetch(input, init) {
      if (typeof init?.body === 'string') bytes += Buffer.byteLength(init.body);
      const response = await globalThis.fetch(input, init);
      const body = await response.arrayBuffer();
      bytes += body.byteLength;
      const { status, headers } = response;
      return new Response(body.byteLength === 0 ? null : body, { status, headers });
    },
  };
}
