/** jsforce logs in and out: SOAP, OAuth with its grants, sessions that end, and who it is. */

import assert from 'node:assert/strict';
import jsforce from 'jsforce';
import { client, connect, control, refused, test, url, version } from './org.mjs';

const expireAtNextQuery = () =>
  control('POST', 'faults', [{ path: '.*/query', times: 1, action: { expire_sessions: true } }]);

test('SOAP login gives a session and its user', async () => {
  const connection = new jsforce.Connection({ version, loginUrl: url });
  const user = await connection.login('a@example.com', 'geheim<&>TOKEN');

  assert.equal(connection.instanceUrl, url);
  assert.equal((await connection.query('SELECT Id FROM Organization')).records[0].Id, user.organizationId);
  assert.equal((await connection.identity()).user_id, user.id);
});

test('OAuth password login gives a session and its user', async () => {
  const connection = new jsforce.Connection({ version, oauth2: client });
  const user = await connection.login('a@example.com', 'geheim');

  assert.equal(connection.instanceUrl, url);
  const identity = await connection.identity();
  assert.equal(identity.user_id, user.id);
  assert.equal(identity.organization_id, user.organizationId);
  assert.equal(identity.urls.rest, `${url}/services/data/v{version}/`);
});

test('a wrong password is refused by both', async () => {
  await assert.rejects(new jsforce.Connection({ version, loginUrl: url }).login('a@example.com', 'wrong'), {
    message: 'INVALID_LOGIN: Invalid username, password, security token; or user locked out.',
  });
  await assert.rejects(new jsforce.Connection({ oauth2: client }).login('a@example.com', 'wrong'), {
    name: 'invalid_grant',
    message: 'authentication failure',
  });
});

test('an expired password is refused although SOAP answers it', async () => {
  await assert.rejects(new jsforce.Connection({ version, loginUrl: url }).login('a@example.com', 'expired'), {
    message: 'Unable to login because the used password has expired.',
  });
});

test('without a login the identity is found through the versions resource', async (connection) => {
  const settings = { version, instanceUrl: url, accessToken: connection.accessToken };
  const identity = await new jsforce.Connection(settings).identity();

  assert.equal(identity.user_id, connection.userInfo.id);
  assert.equal(identity.id, connection.userInfo.url);
});

test('a session that has ended is renewed by a password login', async () => {
  for (const settings of [{ version, loginUrl: url }, { version, oauth2: client }]) {
    const connection = new jsforce.Connection(settings);
    await connection.login('a@example.com', 'geheim');
    const token = connection.accessToken;
    await expireAtNextQuery();

    assert.equal((await connection.query('SELECT Id FROM Lead')).totalSize, 0);
    assert.notEqual(connection.accessToken, token);
  }
});

test('a session that has ended is renewed by a refresh token', async () => {
  const connection = new jsforce.Connection({
    version,
    oauth2: client,
    instanceUrl: url,
    accessToken: 'ended',
    refreshToken: 'a refresh token',
  });
  const renewed = [];
  connection.on('refresh', (token) => renewed.push(token));

  assert.equal((await connection.query('SELECT Id FROM Lead')).totalSize, 0);
  assert.deepEqual(renewed, [connection.accessToken]);
});

test('a token that nobody renews is an invalid session', async (connection) => {
  const settings = { version, instanceUrl: url, accessToken: `${connection.accessToken}x` };
  const stranger = new jsforce.Connection(settings);

  await refused(stranger.query('SELECT Id FROM Lead'), 'INVALID_SESSION_ID', 'Session expired or invalid');
});

test('after an OAuth logout the token is dead', async (connection) => {
  const { accessToken } = connection;
  await connection.logout();

  assert.equal(connection.accessToken, null);
  const late = new jsforce.Connection({ version, instanceUrl: url, accessToken });
  await refused(late.query('SELECT Id FROM Lead'), 'INVALID_SESSION_ID');
});

test('every answer tells what the day has cost', async () => {
  const connection = await connect();
  await connection.query('SELECT Id FROM Lead');
  const { used, limit } = connection.limitInfo.apiUsage;
  const limits = await connection.limits();

  assert.deepEqual(connection.limitInfo.apiUsage, { used: used + 1, limit });
  assert.equal(limits.DailyApiRequests.Max, limit);
});
