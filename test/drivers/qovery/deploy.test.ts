import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import { deploy, phaseOf } from '../../../src/drivers/qovery/deploy.js';
import { failure } from '../../support/engine.js';
import { scriptedClient, type Scripted } from '../scripted-client.js';

const ENVIRONMENT = '00000000-0000-4000-8000-000000000003';
const asked: Scripted = { data: undefined, status: 202 };
const busy: Scripted = { error: new SecretSyncError('CONFLICT', 'It is busy.') };
const state = (name: string): Scripted => ({ data: { state: name } });

async function deployed(script: readonly Scripted[], wait = true) {
  const { client, requests } = scriptedClient(script);
  const slept: number[] = [];
  const { signal } = new AbortController();
  const sleep = async (ms: number) => void slept.push(ms);
  const outcome = await deploy(client, ENVIRONMENT, { changed: ['A'], wait, signal, sleep });
  return { outcome, slept, requests, signal };
}

describe('a state', () => {
  it.each([
    ['DEPLOYED', 'succeeded'],
    ['RESTARTED', 'succeeded'],
    ['READY', 'not begun'],
    ['DEPLOYING', 'in progress'],
    ['WAITING_RUNNING', 'in progress'],
    ['DEPLOYMENT_QUEUED', 'in progress'],
    ['RECAP', 'in progress'],
    ['DEPLOYMENT_ERROR', 'failed'],
    ['CANCELED', 'failed'],
    ['QUEUED_ERROR', 'failed'],
    ['INGRESS', 'failed'],
    ['', 'failed'],
  ])('of %j is %s', (name, phase) => {
    expect(phaseOf(name)).toBe(phase);
  });
});

describe('deploy', () => {
  it('asks once, and returns where nobody waits', async () => {
    const { outcome, slept, requests, signal } = await deployed([asked], false);
    expect(outcome).toEqual({ status: 'started', message: 'The deployment of the environment was started.' });
    expect(slept).toEqual([]);
    expect(requests).toMatchObject([
      { operation: 'deploy the environment', method: 'POST', path: ['environment', ENVIRONMENT, 'deploy'] },
    ]);
    expect(requests[0]?.signal).toBe(signal);
  });

  it('waits for its end, first five seconds, then at most thirty', async () => {
    const looks = ['READY', ...Array.from({ length: 5 }, () => 'DEPLOYING'), 'DEPLOYED'].map(state);
    const { outcome, slept, requests, signal } = await deployed([asked, ...looks]);
    expect(outcome).toEqual({ status: 'succeeded', message: 'The environment was deployed.' });
    expect(slept).toEqual([5_000, 7_500, 11_250, 16_875, 25_312.5, 30_000, 30_000]);
    expect(requests[1]).toMatchObject({
      operation: 'look at the deployment of the environment',
      method: 'GET',
      path: ['environment', ENVIRONMENT, 'status'],
    });
    expect(requests[1]?.signal).toBe(signal);
  });

  it.each([
    ['DEPLOYMENT_ERROR', 'DEPLOYMENT_ERROR'],
    ['CANCELED', 'CANCELED'],
    ['A'.repeat(40), 'A'.repeat(40)],
    ['A'.repeat(41), 'a state that is not known'],
    ['Error', 'a state that is not known'],
    ['ERROR 7', 'a state that is not known'],
    ['7 ERROR', 'a state that is not known'],
    ['', 'a state that is not known'],
  ])('has failed where it ends as %j', async (name, word) => {
    expect((await deployed([asked, state(name)])).outcome).toEqual({
      status: 'failed',
      message: `The deployment of the environment ended as ${word}; look at its log in the console.`,
    });
  });

  it('waits while the environment does something else, each time later, and asks again', async () => {
    const other = [busy, state('STOPPING'), state('STOPPED')];
    const again = [busy, state('STOPPED')];
    const { outcome, slept } = await deployed(
      [...other, ...again, ...again, ...again, ...again, ...again, asked],
      false,
    );
    expect(outcome.status).toBe('started');
    expect(slept).toEqual([5_000, 7_500, 7_500, 11_250, 16_875, 25_312.5, 30_000]);
  });

  it('does not ask again after another refusal', async () => {
    const script = [{ error: new SecretSyncError('FORBIDDEN', 'no') }];
    await failure(deployed(script), 'FORBIDDEN');
    const mistake = new TypeError('not a function');
    await expect(deployed([{ error: mistake }])).rejects.toBe(mistake);
  });

  it('does not take another success for a deployment', async () => {
    const error = await failure(deployed([{ data: undefined, status: 200 }]), 'INVALID_RESPONSE');
    expect(error.maybeWritten).toBe(true);
    expect(error.message).toBe(
      'Could not deploy the environment: the response is not that of a deployment. Check the URL.',
    );
  });

  it('knows a missing environment by what the API says', async () => {
    const { requests } = await deployed([asked, state('DEPLOYED')]);
    for (const request of requests) {
      expect(request.classify?.({ status: 400, body: { detail: 'it does not exist' } })).toBe('NOT_FOUND');
    }
  });
});
