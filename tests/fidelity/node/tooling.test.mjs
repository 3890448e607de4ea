/** jsforce's other doors: the Tooling API, and the SOAP API for what REST cannot do. */

import assert from 'node:assert/strict';
import { control, demoTest, refused, test } from './org.mjs';

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

test('deleted records come back', async (connection) => {
  const { id } = await connection.create('Lead', { LastName: 'Back', Company: 'A' });
  await connection.destroy('Lead', id);
  const [back] = await connection.soap.undelete([id]);

  assert.deepEqual([back.id, back.success], [id, true]);
  assert.equal((await connection.retrieve('Lead', id)).LastName, 'Back');
});

test('the server tells its time and its user', async (connection) => {
  await control('POST', 'clock', { freeze_at: '2026-03-01T12:00:00Z' });
  const { timestamp } = await connection.soap.getServerTimestamp();
  const user = await connection.soap.getUserInfo();

  assert.equal(new Date(timestamp).toISOString(), '2026-03-01T12:00:00.000Z');
  assert.equal(user.userId, connection.userInfo.id);
  assert.equal(user.organizationId, connection.userInfo.organizationId);
});
