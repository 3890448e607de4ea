/** What every jsforce test needs: a fresh local org, and a connection to it. */

import assert from 'node:assert/strict';
import nodeTest from 'node:test';
import jsforce from 'jsforce';

export const url = process.env.LOCAL_ORG_URL;
export const version = '64.0';
export const client = { loginUrl: url, clientId: '3MVG9', clientSecret: 'geheim' };

/** One of the org's own controls, such as `control('POST', 'clock', {})`. */
export async function control(method, what, body) {
  const answer = await fetch(`${url}/_local/${what}`, { method, body: body && JSON.stringify(body) });
  assert.equal(answer.status, 200);
  return answer.json();
}

/** A connection with an access token of the client-credentials flow. */
export async function connect(settings = {}) {
  const connection = new jsforce.Connection({ version, loginUrl: url, oauth2: client, ...settings });
  await connection.authorize({ grant_type: 'client_credentials' });
  return connection;
}

/**
 * A test with an org of its own.
 *
 * @param {string} name - what it shows
 * @param {(connection: jsforce.Connection) => Promise<void>} scenario - what it does
 * @param {string} seed - `none`, or `demo` for the demo company
 */
export function test(name, scenario, seed = 'none') {
  nodeTest(name, async () => {
    await control('POST', 'reset', { seed });
    await scenario(await connect());
    const { errors } = await control('GET', 'errors');
    assert.deepEqual(errors, [], 'the local org came upon a defect of its own');
  });
}

/** The same with the demo company. */
export const demoTest = (name, scenario) => test(name, scenario, 'demo');

/** What a promise is refused with: an `errorCode`, and a message that has a certain text. */
export async function refused(promise, errorCode, text = '') {
  await assert.rejects(promise, (error) => {
    assert.equal(error.errorCode, errorCode, error.message);
    assert.ok(error.message.includes(text), error.message);
    return true;
  });
}

/** Numbered records of one object. */
export const numbered = (count, record) => Array.from({ length: count }, (_, number) => record(number));
