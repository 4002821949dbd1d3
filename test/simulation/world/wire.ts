import { faultOf } from './request-troubles.js';
import { checkAnswer, checkSend } from '../rules/sending.js';
import { REQUEST_TROUBLES, type RequestTrouble } from '../steps.js';
import type { Life } from '../worker.js';
import type { World } from './world.js';

const isRequestTrouble = (text: string | undefined): text is RequestTrouble =>
  REQUEST_TROUBLES.some((trouble) => trouble === text);

const reset = () =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });

/** Rejects when the caller gives up: what becomes of a request that nobody answers. */
function silence(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    // The platform rejects with the reason as it stands.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    const give = () => reject(signal?.reason);
    if (signal?.aborted === true) give();
    else signal?.addEventListener('abort', give, { once: true });
  });
}

/** The `fetch` of a process: it carries requests to the services, as well as the network lets it. */
export function createWire(world: World, life: Life): typeof globalThis.fetch {
  const { clock } = world;
  const delay = async () => {
    if (world.latency !== undefined) await clock.sleep(world.latency.below(300));
  };
  return async (input, init) => {
    // Not `alive`: what was handed over has left, even where the process is paused in the same moment.
    if (life.isDead()) return life.die();
    const url = input instanceof Request ? input.url : String(input);
    const { run } = life.worker;
    if (run === undefined) {
      world.report('late request', url);
      throw reset();
    }
    const isMutation = checkSend(world, life.worker.notBefore, run, url, init);
    const moments = isMutation ? (['request', 'mutation'] as const) : (['request'] as const);
    const trouble = await life.meet(moments, `${init?.method ?? 'GET'} ${new URL(url).pathname}`);
    const mishap = trouble?.mishap;
    if (mishap === 'crash-before') return life.die();
    if (mishap === 'abort') run.controller.abort(new Error('aborted'));
    init?.signal?.throwIfAborted();
    await delay();
    if (mishap === 'hand' && trouble?.edit !== undefined) {
      world.change({ do: 'hand', site: run.site.name, edit: trouble.edit });
    }
    const fault = isRequestTrouble(mishap)
      ? faultOf(mishap, run.site.name === 'hasura', life.now())
      : undefined;
    if (fault === 'hang-before') return silence(init?.signal);
    const carrying = world.carry(run, url, init, fault === 'hang-after' ? undefined : fault);
    const carried = await Promise.race([carrying, silence(init?.signal)]);
    life.hear(`${carried.status} ${carried.text}`);
    if (mishap === 'crash-after') return life.die();
    if (fault === 'hang-after') return silence(init?.signal);
    life.stumble(mishap);
    await delay();
    await life.alive();
    // Who has given up, like one that was paused past its timeout, does not hear of it.
    init?.signal?.throwIfAborted();
    checkAnswer(world, life.worker.notBefore, run, carried, isMutation);
    const { status, headers, text } = carried;
    return new Response(status === 204 ? null : text, { status, headers });
  };
}
