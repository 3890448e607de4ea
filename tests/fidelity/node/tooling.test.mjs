/** jsforce's other doors: the Tooling API, and the SOAP API for what REST cannot do. */

import assert from 'node:assert/strict';
import jsforce from 'jsforce';
import { control, demoTest, refused, test, url, version } from './org.mjs';

test('a custom field is there as soon as it is made', async (connection) => {
  const field = {
    FullName: 'Lead.Score__c',
    Metadata: { type: 'Number', label: 'Score', precision: 5, scale: 1, externalId: false },
  };
  const made = await connection.tooling.sobject('CustomField').create(field);

  assert.deepEqual([made.success, made.errors], [true, []]);
  assert.equal((await connection.tooling.retrieve('CustomField', made.id)).FullName, 'Lead.Score__c');
  const { fields } = await connection.describe('Lead');
  const { type, label, precision, scale } = fields.find(({ name }) => name === 'Score__c');
  assert.deepEqual([type, label, precision, scale], ['double', 'Score', 5, 1]);
  await refused(connection.tooling.create('CustomField', field), 'DUPLICATE_DEVELOPER_NAME');
});

demoTest('a lead is converted', async (connection) => {
  const { Id } = await connection.sobject('Lead').findOne({ Email: 'ada.byron@example.com' }, 'Id');
  const done = await connection.soap.convertLead({
    leadId: Id,
    convertedStatus: 'Closed - Converted',
    doNotCreateOpportunity: true,
  });

  assert.deepEqual([done.success, done.leadId, done.opportunityId], [true, Id, null]);
  const lead = await connection.retrieve('Lead', Id);
  assert.deepEqual([lead.IsConverted, lead.ConvertedContactId], [true, done.contactId]);
  await refused(connection.update('Lead', { Id, Title: 'Dr.' }), 'CANNOT_UPDATE_CONVERTED_LEAD');
});

test('records by SOAP: made, changed, deleted, brought back, gone for good', async (connection) => {
  const { soap } = connection;
  const [made, bad] = await soap.create([
    { type: 'Lead', LastName: 'Soap', Company: 'A', Title: 'Dr.' },
    { type: 'Lead', Company: 'A' },
  ]);
  const changed = await soap.update({ type: 'Lead', Id: made.id, FirstName: 'A & <B>', Title: null });
  assert.deepEqual([made.success, bad.success, changed.id, changed.success], [true, false, made.id, true]);
  assert.equal(bad.errors[0].statusCode, 'REQUIRED_FIELD_MISSING');
  const { Name, Title } = await connection.retrieve('Lead', made.id);
  assert.deepEqual([Name, Title], ['A & <B> Soap', null]);

  await soap.delete([made.id]);
  const [back] = await soap.undelete([made.id]);
  assert.deepEqual([back.id, back.success], [made.id, true]);
  assert.equal((await connection.retrieve('Lead', made.id)).LastName, 'Soap');

  await soap.delete(made.id);
  const [emptied] = await soap.emptyRecycleBin([made.id]);
  const [gone] = await soap.undelete([made.id]);
  assert.deepEqual([emptied.success, gone.success], [true, false]);
});

test('a SOAP session that has ended is renewed, and logged out', async () => {
  const connection = new jsforce.Connection({ version, loginUrl: url });
  await connection.login('a@example.com', 'geheim');
  const { accessToken } = connection;
  await control('POST', 'faults', [{ path: '/query', times: 1, when: 'after', action: { expire_sessions: true } }]);
  await connection.query('SELECT Id FROM Lead');

  assert.equal((await connection.soap.getUserInfo()).userId, connection.userInfo.id);
  assert.notEqual(connection.accessToken, accessToken);
  const renewed = connection.accessToken;
  await connection.logout();
  const late = new jsforce.Connection({ version, instanceUrl: url, accessToken: renewed });
  await refused(late.query('SELECT Id FROM Lead'), 'INVALID_SESSION_ID');
});

test('the server tells its time and its user', async (connection) => {
  await control('POST', 'clock', { freeze_at: '2026-03-01T12:00:00Z' });
  const { timestamp } = await connection.soap.getServerTimestamp();
  const user = await connection.soap.getUserInfo();

  assert.equal(new Date(timestamp).toISOString(), '2026-03-01T12:00:00.000Z');
  assert.equal(user.userId, connection.userInfo.id);
  assert.equal(user.organizationId, connection.userInfo.organizationId);
});
