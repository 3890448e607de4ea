/** jsforce reads: describes, queries in all its ways, records, changes, limits. */

import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import jsforce from 'jsforce';
import { control, demoTest, numbered, refused, test, url } from './org.mjs';

const smallPages = { headers: { 'Sforce-Query-Options': 'batchSize=200' } };

/** An org with that many accounts, `Account 000` and so on. */
const withAccounts = (connection, count) =>
  connection.create(
    'Account',
    numbered(count, (number) => ({ Name: `Account ${String(number).padStart(3, '0')}` })),
    { allOrNone: true, allowRecursive: true },
  );

demoTest('describe, once for all who ask for the cached one', async (connection) => {
  const describe = await connection.sobject('Contact').describe$();
  await control('DELETE', 'requests');
  const again = await connection.describe$('Contact');

  assert.deepEqual((await control('GET', 'requests')).requests, []);
  assert.equal(describe, again);
  assert.equal(describe.keyPrefix, '003');
  const fields = Object.fromEntries(describe.fields.map((field) => [field.name, field]));
  assert.deepEqual(fields.OwnerId.referenceTo, ['User']);
  assert.equal(fields.Birthdate.soapType, 'xsd:date');
  await refused(connection.describe('Nothing__c'), 'NOT_FOUND', 'The requested resource does not exist');
});

demoTest('describe global', async (connection) => {
  const { sobjects, maxBatchSize } = await connection.describeGlobal();

  assert.equal(maxBatchSize, 200);
  assert.ok(sobjects.find(({ name }) => name === 'Invoice__c').custom);
  assert.ok('Invoice__c' in connection.sobjects);
});

test('a query fetches the first page, all pages, or so many rows', async (connection) => {
  await withAccounts(connection, 450);
  const soql = 'SELECT Id, Name FROM Account ORDER BY Name';
  const first = await connection.query(soql, smallPages);
  const next = await connection.queryMore(first.nextRecordsUrl, smallPages);
  const all = await connection.query(soql, { ...smallPages, autoFetch: true });
  const some = await connection.query(soql, { ...smallPages, autoFetch: true, maxFetch: 250 });

  assert.deepEqual([first.totalSize, first.done, first.records.length], [450, false, 200]);
  assert.deepEqual([next.totalSize, next.done, next.records.length], [450, false, 200]);
  assert.deepEqual([all.totalSize, all.done, all.records.length], [450, true, 450]);
  assert.equal(some.records.length, 250);
  assert.deepEqual(all.records.slice(200, 400), next.records);
  assert.equal(new Set(all.records.map(({ Id }) => Id)).size, 450);
});

test('rows come one by one, and as CSV', async (connection) => {
  await withAccounts(connection, 250);
  const soql = 'SELECT Name FROM Account ORDER BY Name';
  const names = [];
  await new Promise((resolve, reject) => {
    const query = connection.query(soql, smallPages);
    query.on('record', ({ Name }) => names.push(Name));
    query.on('end', resolve);
    query.on('error', reject);
    query.run({ autoFetch: true });
  });
  const csv = await text(connection.query(soql, smallPages).stream('csv'));

  assert.deepEqual([names.length, names.at(0), names.at(-1)], [250, 'Account 000', 'Account 249']);
  assert.deepEqual(csv.trim().split('\n'), ['Name', ...names]);
});

demoTest('find by conditions, sorted, skipped and limited', async (connection) => {
  const conditions = {
    $or: [{ Email: { $like: '%@example.com' } }, { Company: ['Acme', "O'Neill"] }],
    CreatedDate: { $gte: jsforce.SfDate.toDateTimeLiteral(new Date(2001, 0, 1)), $lt: jsforce.SfDate.NEXT_WEEK },
    IsConverted: false,
  };
  const leads = connection.sobject('Lead');
  const all = await leads.find(conditions, 'Id, Email').sort({ Email: 1, Id: -1 });
  const page = await leads.find(conditions, ['Id', 'Email']).sort({ Email: 1, Id: -1 }).skip(1).limit(2);

  assert.ok(all.length > 3);
  assert.deepEqual(page, all.slice(1, 3));
  assert.equal(await leads.count(conditions), all.length);
  assert.equal((await leads.findOne({ Email: 'ada.byron@example.com' })).LastName, 'Byron');
  assert.equal(await leads.findOne({ Email: 'nobody@example.com' }), null);
});

demoTest('an asterisk asks for every field, of a parent too', async (connection) => {
  const { fields } = await connection.describe$('Contact');
  const [contact] = await connection
    .sobject('Contact')
    .find({ Email: 'milton.w@example.com' }, '*, Account.*, Owner.*')
    .execute();

  assert.deepEqual(
    Object.keys(contact).filter((name) => !['attributes', 'Account', 'Owner'].includes(name)),
    fields.map(({ name }) => name),
  );
  assert.equal(contact.Account.AccountNumber, 'ACME-001');
  assert.equal(contact.Account.attributes.type, 'Account');
  assert.equal(contact.Owner.Id, contact.OwnerId);
});

test('child rows beyond a page are fetched', async (connection) => {
  const { id } = await connection.create('Account', { Name: 'Parent' });
  await connection.create(
    'Contact',
    numbered(450, (number) => ({ LastName: `${number}`, AccountId: id })),
    { allOrNone: true, allowRecursive: true },
  );
  const [account] = await connection
    .sobject('Account')
    .find({ Name: 'Parent' }, 'Id', { ...smallPages, autoFetch: true })
    .include('Contacts', null, 'LastName')
    .end();

  assert.equal(account.Contacts.totalSize, 450);
  assert.equal(new Set(account.Contacts.records.map(({ LastName }) => LastName)).size, 450);
});

test('deleted rows are seen by scanAll alone', async (connection) => {
  const { id } = await connection.create('Lead', { LastName: 'Gone', Company: 'A' });
  await connection.destroy('Lead', id);
  const leads = connection.sobject('Lead').find({}, 'Id, IsDeleted');

  assert.deepEqual((await connection.query('SELECT Id FROM Lead')).records, []);
  assert.equal((await leads.scanAll(true))[0].IsDeleted, true);
});

demoTest('counts, groups and the plan of a query', async (connection) => {
  const { totalSize, records } = await connection.query('SELECT COUNT() FROM Lead');
  const groups = await connection.query('SELECT IsConverted, COUNT(Id) n FROM Lead GROUP BY IsConverted');
  const { plans } = await connection.query('SELECT Id FROM Lead').explain();

  assert.deepEqual(records, []);
  assert.equal(groups.records.reduce((sum, { n }) => sum + n, 0), totalSize);
  assert.equal(groups.records[0].attributes.type, 'AggregateResult');
  assert.ok(plans[0].sobjectType === 'Lead' && plans[0].relativeCost >= 0);
});

test('a bad query is refused with Salesforce words', async (connection) => {
  await refused(connection.query('SELECT Nothing FROM Lead'), 'INVALID_FIELD', "No such column 'Nothing'");
  await refused(connection.query('SELECT Id FROM Nothing'), 'INVALID_TYPE', "sObject type 'Nothing'");
  await refused(connection.query('SELECT FROM'), 'MALFORMED_QUERY');
  await refused(connection.queryMore('01g000000000001AAA-2000'), 'INVALID_QUERY_LOCATOR');
});

test('records by id: one, several with those that are not there, some fields', async (connection) => {
  const [first, second] = await withAccounts(connection, 2);
  await connection.destroy('Account', second.id);
  const one = await connection.sobject('Account').retrieve(first.id, { fields: ['Id', 'Name'] });
  const several = await connection.retrieve('Account', [second.id, first.id], { fields: ['Name'] });

  assert.deepEqual(Object.keys(one), ['attributes', 'Id', 'Name']);
  assert.equal(several[0], null);
  assert.equal(several[1].Name, 'Account 000');
  assert.equal((await connection.retrieve('Account', [first.id]))[0].Id, first.id);
  await refused(connection.retrieve('Account', second.id), 'NOT_FOUND');
});

demoTest('the content of a file', async (connection) => {
  const { Id, BodyLength } = await connection.sobject('Document').findOne({}, 'Id, BodyLength');
  const chunks = [];
  for await (const chunk of connection.sobject('Document').record(Id).blob('Body')) chunks.push(chunk);

  assert.equal(Buffer.concat(chunks).length, BodyLength);
});

test('what changed and what went', async (connection) => {
  const [kept, gone] = await withAccounts(connection, 2);
  await connection.destroy('Account', gone.id);
  const start = new Date(Date.now() - 3_600_000);
  const end = new Date(Date.now() + 120_000).toISOString();
  const updated = await connection.sobject('Account').updated(start.toISOString(), end);
  const deleted = await connection.sobject('Account').deleted(start, new Date(end));

  assert.deepEqual(updated.ids, [kept.id]);
  assert.deepEqual(deleted.deletedRecords.map(({ id }) => id), [gone.id]);
  assert.ok(updated.latestDateCovered && deleted.latestDateCovered && deleted.earliestDateAvailable);
});

demoTest('versions, limits, recent items and the usual detours', async (connection) => {
  const versions = await connection.request('/services/data');
  const limits = await connection.limits();

  assert.ok(versions.some(({ version }) => version === connection.version));
  assert.ok(limits.DailyBulkApiBatches.Max > 0 && limits.DailyBulkV2QueryJobs.Max > 0);
  assert.ok(Array.isArray(await connection.sobject('Lead').recent()));
  assert.equal((await connection.request('/sobjects/Lead')).objectDescribe.name, 'Lead');
  await refused(connection.request(`${url}/services/data/v64.0/nothing`), 'NOT_FOUND');
});

demoTest('search', async (connection) => {
  const { searchRecords } = await connection.search('FIND {Byron} IN NAME FIELDS RETURNING Lead(Id, Email), Contact');
  const parameters = 'q=Byron&sobject=Lead&Lead.fields=Id,Email';
  const parameterized = await connection.request(`/parameterizedSearch?${parameters}`);

  assert.deepEqual(searchRecords.map(({ Email }) => Email), ['ada.byron@example.com']);
  assert.deepEqual(parameterized.searchRecords, searchRecords);
  await refused(connection.search('FIND Byron'), 'MALFORMED_SEARCH');
});
