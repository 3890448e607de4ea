/** jsforce writes: one by one, in arrays, by key, by query, in one composite request. */

import assert from 'node:assert/strict';
import { demoTest, numbered, refused, test, version } from './org.mjs';

const lead = (number) => ({ LastName: `Lead ${number}`, Company: 'Acme' });
const saved = (ids) => ids.map((id) => ({ id, success: true, errors: [] }));

/** Adds the external id `Number__c` to Account. */
const withKey = (connection) =>
  connection.tooling.create('CustomField', {
    FullName: 'Account.Number__c',
    Metadata: { type: 'Text', label: 'Number', length: 40, externalId: true, unique: true },
  });

test('one record: created, changed, deleted', async (connection) => {
  const leads = connection.sobject('Lead');
  const { id, success, errors } = await leads.create(lead(1));
  assert.deepEqual([success, errors], [true, []]);

  assert.deepEqual(await leads.update({ Id: id, FirstName: 'Ada', Company: 'B' }), saved([id])[0]);
  assert.equal((await leads.record(id).retrieve()).Name, 'Ada Lead 1');
  assert.deepEqual(await leads.destroy(id), saved([id])[0]);
  await refused(leads.retrieve(id), 'NOT_FOUND');
  await refused(leads.destroy(id), 'ENTITY_IS_DELETED', 'entity is deleted');
});

test('a bad record is refused with code, message and fields', async (connection) => {
  await assert.rejects(connection.sobject('Lead').create({ FirstName: 'Ada' }), ({ errorCode, message, data }) => {
    assert.equal(errorCode, 'REQUIRED_FIELD_MISSING');
    assert.equal(message, 'Required fields are missing: [LastName, Company]');
    assert.deepEqual(data.fields, ['LastName', 'Company']);
    return true;
  });
  await refused(
    connection.sobject('Lead').create({ ...lead(1), Nothing__c: 1 }),
    'INVALID_FIELD',
    "No such column 'Nothing__c' on sobject of type Lead",
  );
});

test('arrays keep their order and fail row by row', async (connection) => {
  const leads = connection.sobject('Lead');
  const [first, bad, last] = await leads.create([lead(1), { LastName: 'x'.repeat(81), Company: 'A' }, lead(3)]);

  assert.deepEqual([first.success, bad.success, last.success], [true, false, true]);
  const [{ statusCode, message, fields }] = bad.errors;
  assert.deepEqual([statusCode, fields], ['STRING_TOO_LONG', ['LastName']]);
  assert.match(message, /^Last Name: data value too large: x+ \(max length=80\)$/);
  const changes = [first, last].map(({ id }) => ({ Id: id, Company: 'B' }));
  assert.deepEqual(await leads.update(changes), saved([first.id, last.id]));
  assert.deepEqual(await leads.destroy([last.id, first.id]), saved([last.id, first.id]));
});

test('all or none takes the good rows back', async (connection) => {
  const rows = await connection.create('Lead', [lead(1), { Company: 'A' }], { allOrNone: true });

  assert.deepEqual(
    rows.map(({ errors }) => errors[0].statusCode),
    ['ALL_OR_NONE_OPERATION_ROLLED_BACK', 'REQUIRED_FIELD_MISSING'],
  );
  assert.equal((await connection.query('SELECT Id FROM Lead')).totalSize, 0);
});

test('more than 200 at once are refused, or sent in several calls', async (connection) => {
  await refused(
    connection.create('Lead', numbered(201, lead)),
    'EXCEEDED_ID_LIMIT',
    'record limit reached. cannot submit more than 200 records into this call',
  );

  const rows = await connection.create('Lead', numbered(201, lead), { allowRecursive: true });
  assert.equal(rows.filter(({ success }) => success).length, 201);
});

test('upsert by an external id', async (connection) => {
  await withKey(connection);
  const accounts = connection.sobject('Account');
  const made = await accounts.upsert({ Number__c: 'A-1', Name: 'First' }, 'Number__c');
  const changed = await accounts.upsert({ Number__c: 'A-1', Name: 'Second' }, 'Number__c');
  const both = await accounts.upsert(
    [{ Number__c: 'A-1', Name: 'Third' }, { Number__c: 'A-2', Name: 'Other' }, { Number__c: 'A-3' }],
    'Number__c',
  );

  assert.deepEqual(made, { id: made.id, success: true, errors: [], created: true });
  assert.deepEqual(changed, { id: made.id, success: true, errors: [], created: false });
  assert.deepEqual(both.map(({ success, created }) => [success, created]), [
    [true, false],
    [true, true],
    [false, undefined],
  ]);
  assert.equal(both[2].errors[0].statusCode, 'REQUIRED_FIELD_MISSING');
  assert.equal((await accounts.findOne({ Number__c: 'A-1' })).Name, 'Third');
});

demoTest('upsert by a key that several records share, or that is none', async (connection) => {
  const leads = connection.sobject('Lead');
  await assert.rejects(leads.upsert({ Email: 'duplicate@example.com', LastName: 'D' }, 'Email'), (error) => {
    assert.equal(error.errorCode, 'MULTIPLE_CHOICES');
    assert.equal(error.data.length, 2);
    return error.data.every((path) => path.startsWith(`/services/data/v${version}/sobjects/Lead/00Q`));
  });
  await refused(
    leads.upsert({ Company: 'Acme', LastName: 'D' }, 'Company'),
    'NOT_FOUND',
    'Provided external ID field does not exist or is not accessible: Company',
  );
});

test('what a query finds is changed and deleted', async (connection) => {
  await connection.create('Lead', numbered(30, lead));
  const leads = connection.sobject('Lead');
  const found = () => leads.find({ Company: 'Acme' }, 'Id, LastName');
  const changed = await found().update({ FirstName: '${LastName} of old' }, 'Lead');
  const deleted = await found().sort('LastName').limit(10).destroy('Lead');

  assert.equal(changed.filter(({ success }) => success).length, 30);
  assert.equal(deleted.filter(({ success }) => success).length, 10);
  const left = await leads.find({}, 'FirstName, LastName').execute();
  assert.equal(left.length, 20);
  assert.ok(left.every(({ FirstName, LastName }) => FirstName === `${LastName} of old`));
});

test('composite hands ids on', async (connection) => {
  const base = `/services/data/v${version}`;
  const request = (method, path, referenceId, body) => ({ method, url: `${base}/${path}`, referenceId, body });
  const soql = "SELECT Account.Name FROM Contact WHERE Id = '@{contact.id}'";
  const { compositeResponse } = await connection.requestPost('/composite', {
    allOrNone: true,
    compositeRequest: [
      request('POST', 'sobjects/Account', 'account', { Name: 'Acme' }),
      request('POST', 'sobjects/Contact', 'contact', { LastName: 'W.', AccountId: '@{account.id}' }),
      request('GET', `query?q=${soql}`, 'query'),
    ],
  });

  assert.deepEqual(compositeResponse.map(({ httpStatusCode }) => httpStatusCode), [201, 201, 200]);
  assert.equal(compositeResponse[2].body.records[0].Account.Name, 'Acme');
});

test('a composite tree makes parents with their children', async (connection) => {
  const attributes = (type, referenceId) => ({ attributes: { type, referenceId } });
  const contacts = { records: [{ ...attributes('Contact', 'c1'), LastName: 'W.' }] };
  const answer = await connection.requestPost('/composite/tree/Account', {
    records: [{ ...attributes('Account', 'a1'), Name: 'Acme', Contacts: contacts }],
  });

  assert.equal(answer.hasErrors, false);
  assert.deepEqual(answer.results.map(({ referenceId }) => referenceId), ['a1', 'c1']);
  assert.equal((await connection.sobject('Contact').count({ 'Account.Name': 'Acme' })), 1);
});

demoTest('a file in a multipart body', async (connection) => {
  const { FolderId } = await connection.sobject('Document').findOne({}, 'FolderId');
  const content = Buffer.from([...Array(256).keys()]);
  const file = { filename: 'notes.bin', contentType: 'application/octet-stream' };
  const { id } = await connection
    .sobject('Document')
    .create({ Name: 'Notes', FolderId, Body: content.toString('base64') }, { multipartFileFields: { Body: file } });

  const document = await connection.retrieve('Document', id);
  assert.deepEqual([document.Name, document.BodyLength], ['Notes', 256]);
  const chunks = [];
  for await (const chunk of connection.sobject('Document').record(id).blob('Body')) chunks.push(chunk);
  assert.deepEqual(Buffer.concat(chunks), content);
  await assert.rejects(
    connection.request({
      method: 'POST',
      url: '/sobjects/Document',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body: '--b\r\nContent-Disposition: form-data; name="Body"\r\n\r\nx\r\n--b--\r\n',
    }),
    { errorCode: 'INVALID_MULTIPART_REQUEST' },
  );
});
