import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { systemClock } from '../../../src/shared/clock.js';
import { createCanaries } from '../../../src/testing/leaks/canaries.js';
import { call, change, CREATE, errorOf, LIST, LOGIN, place, setUp, shown, UPDATE } from './support.js';

const stored = (emulator: Awaited<ReturnType<typeof setUp>>['emulator']) =>
  emulator.secrets(place).map(({ key, value, comment }) => [key, value, comment]);

describe('infisicalSource, when it writes', () => {
  it('creates and updates in one request each, and keeps comments', async () => {
    const { emulator, source, operations } = await setUp();
    emulator.addSecret(place, { key: 'A', value: '1', comment: 'a note' });
    await source.write({}, [change('B', 'new'), change('A', '2', 'update'), change('C', '')], call());
    expect(operations()).toEqual([LOGIN, LIST, CREATE, UPDATE]);
    expect(stored(emulator)).toEqual([
      ['A', '2', 'a note'],
      ['B', 'new', ''],
      ['C', '', ''],
    ]);
    const [, , create, update] = emulator.requests;
    expect(create?.body).toEqual({
      ...place,
      secretPath: '/',
      secrets: [
        { secretKey: 'B', secretValue: 'new' },
        { secretKey: 'C', secretValue: '' },
      ],
    });
    expect(update?.body).toMatchObject({
      mode: 'failOnNotFound',
      secrets: [{ secretKey: 'A', secretValue: '2' }],
    });
  });

  it('splits what is many into batches of 100', async () => {
    const { emulator, source, operations } = await setUp();
    const changes = Array.from({ length: 250 }, (_, index) => change(`KEY_${index}`, String(index)));
    await source.write({}, changes, call());
    expect(operations()).toEqual([LOGIN, LIST, CREATE, CREATE, CREATE]);
    expect(emulator.secrets(place)).toHaveLength(250);
  });

  it('sends nothing that is there already', async () => {
    const { emulator, source, operations } = await setUp();
    emulator.addSecret(place, { key: 'A', value: '1' });
    await source.write({}, [change('A', '1')], call());
    await source.write({}, [change('A', '1', 'update')], call());
    expect(operations()).toEqual([LOGIN, LIST, LIST]);
  });

  it('lists what it cannot take, when it is asked and when it is to write, and writes nothing of it', async () => {
    const { emulator, source, operations } = await setUp();
    const from = { ...place, secretPath: '/shared' };
    emulator.addFolder(from);
    emulator.addSecret(from, { key: 'IMPORTED', value: '1' });
    emulator.addSecret(from, { key: 'BOTH', value: '1' });
    emulator.addImport(place, from);
    emulator.addSecret(place, { key: 'BOTH', value: '2' });
    emulator.addSecret(place, { key: 'PLAIN', value: '3' });
    emulator.addSecret(place, { key: 'REFERENCE', value: 'x${PLAIN}' });
    emulator.addSecret(place, { key: 'HIDDEN', value: '4', hidden: true });
    const changes = [
      change('FINE', 'one line\nand another\n'),
      change('BOTH', 'mine', 'update'),
      change('IMPORTED', 'x', 'update'),
      change('REFERENCE', 'x', 'update'),
      change('HIDDEN', 'x', 'update'),
      change('PLAIN', 'x', 'create'),
      change('GONE', 'x', 'update'),
      change('BLANK', ' x'),
      change('LINES', 'x\n\n'),
      change('EXPANDS', 'a ${PLAIN} b'),
      change('BROKEN', 'x\ud800'),
      change('a name', 'x'),
      change('a:b', 'x'),
      change('a/b', 'x'),
    ];
    const refused = await source.checkWrite({}, changes, call());
    expect(refused.map(({ key, message }) => `${key}: ${message.split(/[,;]/)[0]}`)).toEqual([
      'IMPORTED: it comes from an import',
      'REFERENCE: it refers to another secret',
      'HIDDEN: its value is hidden from this identity',
      'PLAIN: it was created after it was planned',
      'GONE: it was deleted after it was planned',
      'BLANK: Infisical trims values',
      'LINES: Infisical trims values',
      'EXPANDS: its value holds ${…}',
      'BROKEN: its value holds half of a surrogate pair',
      'a name: Infisical takes no white space',
      'a:b: Infisical takes no white space',
      'a/b: Infisical takes no white space',
    ]);
    const error = await errorOf(source.write({}, changes, call()));
    expect(error.code).toBe('SOURCE_NOT_WRITABLE');
    expect(error.problems?.map(({ key }) => key)).toEqual(refused.map(({ key }) => key));
    expect(operations()).toEqual([LOGIN, LIST, LIST]);
    await source.write({}, changes.slice(0, 2), call());
    expect(emulator.secrets(place)).toHaveLength(5);
  });

  it('takes a value that looks like a reference where references are not expanded', async () => {
    const { source } = await setUp({ expandSecretReferences: false });
    await source.write({}, [change('A', '${B}')], call());
    expect(shown(await source.read({}, call()))).toEqual({ secrets: [['A', '${B}']] });
  });

  it('reads back what it took, for any value', async () => {
    // The real clock: the other one takes its time over each of many requests.
    const { emulator, source } = await setUp({ clock: systemClock, fetch: globalThis.fetch });
    const fragments = fc.constantFrom(
      ' ',
      '\n',
      '\r',
      '\t',
      '$',
      '{',
      '}',
      'x',
      '"',
      '\ufeff',
      '\u2028',
      'é',
      '\ud800',
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fragments).map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(value, async (text) => {
        emulator.deleteSecret(place, 'A');
        const changes = [change('A', text)];
        const refused = await source.checkWrite({}, changes, call());
        if (refused.length > 0) return;
        await source.write({}, changes, call());
        expect(shown(await source.read({}, call()))).toEqual({ secrets: [['A', text]] });
      }),
      { numRuns: 100 },
    );
  });

  it.each(['create', 'update'] as const)(
    'fails when a policy holds a %s back for approval',
    async (action) => {
      const { emulator, source } = await setUp({}, { approvalPolicy: true });
      if (action === 'update') emulator.addSecret(place, { key: 'A', value: '1' });
      const error = await errorOf(source.write({}, [change('A', 'hunter2', action)], call()));
      expect(error).toMatchObject({ code: 'SOURCE_WRITE_FAILED', retryable: false });
      expect(error.message).toMatch(/Infisical did not .* approve/);
      expect(error.message).not.toContain('hunter2');
      expect(emulator.approvals()).toMatchObject([{ keys: ['A'] }]);
      expect(stored(emulator)).toEqual(action === 'update' ? [['A', '1', '']] : []);
    },
  );

  it.each(['reset-after', 'html-after', 'truncate'] as const)(
    'finds what it created when the answer is lost to %s, and creates nothing twice',
    async (fault) => {
      const { emulator, source, operations } = await setUp();
      emulator.setIntercept(({ operation }) => (operation === CREATE ? fault : undefined));
      await source.write({}, [change('A', '1'), change('B', '2')], call());
      expect(operations()).toEqual([LOGIN, LIST, CREATE, LIST]);
      expect(stored(emulator)).toHaveLength(2);
    },
  );

  it('creates again what a lost request did not', async () => {
    const { emulator, source, operations } = await setUp();
    let creations = 0;
    emulator.setIntercept(({ operation }) =>
      operation === CREATE && (creations += 1) === 1 ? 'reset-before' : undefined,
    );
    await source.write({}, [change('A', '1')], call());
    expect(operations()).toEqual([LOGIN, LIST, CREATE, LIST, CREATE]);
    expect(stored(emulator)).toEqual([['A', '1', '']]);
  });

  it('gives up when requests are lost for ever', async () => {
    const { emulator, source, operations } = await setUp();
    emulator.setIntercept(({ operation }) => (operation === CREATE ? 'reset-before' : undefined));
    const error = await errorOf(source.write({}, [change('A', '1')], call()));
    expect(error).toMatchObject({ code: 'SOURCE_WRITE_FAILED', retryable: true });
    expect(operations()).toEqual([LOGIN, LIST, CREATE, LIST, CREATE, LIST]);
  });

  it('repeats an update whose answer is lost', async () => {
    const { emulator, source, operations } = await setUp();
    emulator.addSecret(place, { key: 'A', value: '1' });
    let updates = 0;
    emulator.setIntercept(({ operation }) =>
      operation === UPDATE && (updates += 1) === 1 ? 'reset-after' : undefined,
    );
    await source.write({}, [change('A', '2', 'update')], call());
    expect(operations()).toEqual([LOGIN, LIST, UPDATE, UPDATE]);
    expect(stored(emulator)).toEqual([['A', '2', '']]);
  });

  it.each([
    ['a permission that is missing', { access: 'read' }, undefined, 'FORBIDDEN'],
    ['a request that is refused', {}, { status: 400 }, 'SOURCE_WRITE_FAILED'],
    ['a server that is down', {}, { status: 503 }, 'SOURCE_WRITE_FAILED'],
  ] as const)('says what came of %s, and shows no value', async (_title, switches, fault, code) => {
    const canaries = createCanaries();
    const { emulator, source } = await setUp({ retry: { retries: 0 } }, { ...switches, echo: true });
    emulator.setIntercept(({ operation }) => (operation === CREATE ? fault : undefined));
    const [random] = canaries.values;
    const error = await errorOf(source.write({}, [change('A', random?.text ?? '')], call()));
    expect(error.code).toBe(code);
    expect(error.message).toContain('create secrets in Infisical');
    canaries.assertAbsent('the error', error);
  });
});

describe('infisicalSource, when it describes', () => {
  it('gives the environment and the folder with their names and ids', async () => {
    const { emulator, source } = await setUp();
    const folder = emulator.addFolder({ ...place, secretPath: '/apps/web' });
    emulator.addFolder({ ...place, secretPath: '/apps/worker' });
    const description = await source.describe({ secretPath: 'apps/web' }, call());
    expect(description.folder).toEqual({ id: folder.id, path: '/apps/web' });
    expect(description.environment).toMatchObject({ slug: 'prod', name: 'Production' });
    expect(await source.describe({}, call())).toEqual({ environment: description.environment });
  });

  it('leaves out what it may not see, and what is not there', async () => {
    const { emulator, source } = await setUp();
    expect(await source.describe({ environment: 'nowhere', secretPath: '/nowhere' }, call())).toEqual({});
    emulator.configure({ access: 'none' });
    expect(await source.describe({ secretPath: '/apps' }, call())).toEqual({});
  });

  it('fails where Infisical does', async () => {
    const { emulator, source } = await setUp({ retry: { retries: 0 } });
    emulator.setIntercept(() => ({ status: 503 }));
    expect((await errorOf(source.describe({}, call()))).code).toBe('SOURCE_READ_FAILED');
  });
});
