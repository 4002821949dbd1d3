import { describe, expect, it } from 'vitest';
import type { PostgresClient } from '../../../src/stores/postgres/client.js';
import { statementsOn } from '../../../src/stores/postgres/table.js';

const undefinedTable = () => Object.assign(new Error('no such table'), { code: '42P01' });

/** A client whose statements end when they are told to, in the order in which they are told. */
function heldClient() {
  const held: { readonly text: string; end(error?: Error): void }[] = [];
  const query = (text: string) =>
    new Promise<{ rows: unknown[] }>((resolve, reject) => {
      held.push({ text, end: (error) => (error === undefined ? resolve({ rows: [] }) : reject(error)) });
    });
  const next = async (index: number, error?: Error) => {
    while (held[index] === undefined) await Promise.resolve();
    held[index].end(error);
  };
  return { client: { query } as PostgresClient, held, next };
}

describe('statements on a table that does not exist yet', () => {
  it('create it once for calls that are under way together, also for one that hears of it last', async () => {
    const { client, held, next } = heldClient();
    const run = statementsOn(client, 'documents', true);
    const [first, second] = [run('one', []), run('two', [])];
    await next(0, undefinedTable());
    await next(2);
    await next(3);
    await first;
    await next(1, undefinedTable());
    await next(4);
    await next(5);
    await second;
    expect(held.map(({ text }) => /CREATE/.test(text))).toEqual([false, false, true, false, true, false]);
  });

  it('do not create it once a statement has found it', async () => {
    const { client, next } = heldClient();
    const run = statementsOn(client, 'documents', true);
    const first = run('one', []);
    await next(0);
    await first;
    const second = run('two', []);
    await next(1, undefinedTable());
    await expect(second).rejects.toMatchObject({ code: '42P01' });
  });
});
