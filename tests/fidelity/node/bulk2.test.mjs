/** jsforce loads and queries in bulk, by Bulk API 2.0. */

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { QueryJobV2 } from 'jsforce/lib/api/bulk2.js';
import { control, demoTest, numbered, refused, test } from './org.mjs';

const polls = { pollInterval: 50, pollTimeout: 20_000 };
const lead = (number) => ({ LastName: `Lead ${number}`, Company: 'Acme, "Inc."\nLine 2', NumberOfEmployees: number });

/** A load, waited for. */
const load = (connection, operation, input, more = {}) =>
  connection.bulk2.loadAndWaitForResults({ object: 'Lead', operation, input, ...polls, ...more });

/** All records of a bulk query. */
async function queried(connection, soql, options = {}) {
  const records = [];
  for await (const record of await connection.bulk2.query(soql, { ...polls, ...options })) records.push(record);
  return records;
}

test('an insert tells of every row', async (connection) => {
  const good = numbered(1000, lead);
  const { successfulResults, failedResults, unprocessedRecords } = await load(connection, 'insert', [
    ...good,
    { Company: 'Nameless' },
  ]);

  assert.equal(successfulResults.length, 1000);
  const row = successfulResults.find(({ LastName }) => LastName === 'Lead 7');
  assert.deepEqual(Object.keys(row), ['sf__Id', 'sf__Created', 'LastName', 'Company', 'NumberOfEmployees']);
  assert.deepEqual([row.sf__Created, row.Company, row.NumberOfEmployees], ['true', good[7].Company, '7']);
  assert.equal((await connection.retrieve('Lead', row.sf__Id)).Company, good[7].Company);
  assert.equal(failedResults.length, 1);
  assert.equal(failedResults[0].sf__Id, '');
  assert.equal(
    failedResults[0].sf__Error,
    'REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --',
  );
  assert.deepEqual(unprocessedRecords, []);
});

test('update, upsert and delete', async (connection) => {
  await connection.tooling.create('CustomField', {
    FullName: 'Lead.Number__c',
    Metadata: { type: 'Text', label: 'Number', length: 40, externalId: true, unique: true },
  });
  const made = await connection.create('Lead', [{ ...lead(1), Number__c: 'A', Title: 'Dr.' }, lead(2)]);
  const [first, second] = made.map(({ id }) => id);
  const changed = await load(connection, 'update', [{ Id: first, Title: null, FirstName: 'Ada' }]);
  const merged = await load(
    connection,
    'upsert',
    [{ Number__c: 'A', LastName: 'Byron', Company: 'A' }, { Number__c: 'B', LastName: 'New', Company: 'B' }],
    { externalIdFieldName: 'Number__c' },
  );
  const deleted = await load(connection, 'delete', [{ Id: second }]);

  assert.deepEqual(changed.successfulResults.map(({ sf__Id, sf__Created }) => [sf__Id, sf__Created]), [[first, 'false']]);
  assert.deepEqual(merged.successfulResults.map((row) => [row.Number__c, row.sf__Created]).sort(), [
    ['A', 'false'],
    ['B', 'true'],
  ]);
  assert.deepEqual(deleted.successfulResults.map(({ sf__Id }) => sf__Id), [second]);
  const left = await connection.sobject('Lead').find({}, 'Name, Title').sort('Name');
  assert.deepEqual(left.map(({ Name, Title }) => [Name, Title]), [['Ada Byron', null], ['New', null]]);
});

test('a file is loaded from a text or a stream', async (connection) => {
  const csv = 'LastName,Company\n"Byron","A"\n';
  for (const input of [csv, Readable.from([csv])]) {
    const { successfulResults } = await load(connection, 'insert', input);
    assert.deepEqual(successfulResults.map(({ LastName }) => LastName), ['Byron']);
  }
});

test('a job step by step', async (connection) => {
  const job = connection.bulk2.createJob({ object: 'Lead', operation: 'insert' });
  const seen = [];
  for (const event of ['open', 'close', 'inProgress', 'jobComplete']) job.on(event, () => seen.push(event));
  const opened = await job.open();
  await job.uploadData([lead(1)]);
  await job.close();
  await job.poll(50, 20_000);
  const info = await job.check();

  assert.deepEqual([opened.state, opened.contentType, opened.lineEnding], ['Open', 'CSV', 'LF']);
  assert.equal(opened.contentUrl, `services/data/v${connection.version}/jobs/ingest/${job.id}/batches`);
  assert.deepEqual([seen[0], seen[1], seen.at(-1)], ['open', 'close', 'jobComplete']);
  assert.deepEqual(
    [info.state, info.jobType, info.numberRecordsProcessed, info.numberRecordsFailed],
    ['JobComplete', 'V2Ingest', 1, 0],
  );
  assert.match(await job.getSuccessfulResults(true), /^"sf__Id","sf__Created",LastName,/);
  await job.delete();
  await refused(job.check(), 'NOT_FOUND');
});

test('a job that is aborted, and one whose file is bad', async (connection) => {
  const job = connection.bulk2.createJob({ object: 'Lead', operation: 'insert' });
  await job.open();
  await job.abort();

  assert.equal((await job.check()).state, 'Aborted');
  await assert.rejects(job.poll(50, 20_000), { message: 'Job has been aborted' });
  await assert.rejects(load(connection, 'insert', [{ Nothing__c: 1 }]), {
    message: 'Ingest job failed to complete due to: InvalidBatch : Field name not found : Nothing__c',
  });
});

demoTest('a query gives what REST gives', async (connection) => {
  const soql = 'SELECT Id, Name, AnnualRevenue, IsDeleted, Owner.Name FROM Account';
  const records = await queried(connection, soql);
  const rest = await connection.query(soql, { autoFetch: true });

  assert.deepEqual(Object.keys(records[0]), ['Id', 'Name', 'AnnualRevenue', 'IsDeleted', 'Owner.Name']);
  const byId = Object.fromEntries(records.map((record) => [record.Id, record]));
  assert.equal(records.length, rest.totalSize);
  for (const { Id, Name, AnnualRevenue, Owner } of rest.records) {
    assert.equal(byId[Id].Name, Name);
    assert.equal(byId[Id].AnnualRevenue && Number(byId[Id].AnnualRevenue), AnnualRevenue ?? '');
    assert.deepEqual([byId[Id].IsDeleted, byId[Id]['Owner.Name']], ['false', Owner.Name]);
  }
  assert.ok((await queried(connection, soql, { scanAll: true })).length > records.length);
});

demoTest('a query job step by step', async (connection) => {
  const job = new QueryJobV2(connection, {
    bodyParams: { query: 'SELECT Id FROM Lead', operation: 'query' },
    pollingOptions: polls,
  });
  const opened = await job.open();
  await job.poll();
  const info = await job.check();

  assert.deepEqual([opened.state, opened.object, opened.operation], ['UploadComplete', 'Lead', 'query']);
  assert.deepEqual([info.state, info.jobType], ['JobComplete', 'V2Query']);
  assert.equal(info.numberRecordsProcessed, (await connection.query('SELECT COUNT() FROM Lead')).totalSize);
  const csv = await text((await job.result()).stream('csv'));
  assert.equal(csv.trim().split('\n').length, info.numberRecordsProcessed + 1);
  await refused(job.abort(), 'INVALIDJOBSTATE', 'Aborting already Completed Job not allowed');
  await job.delete();
  await refused(job.check(), 'NOT_FOUND');
});

test('a query that bulk cannot answer is refused', async (connection) => {
  await refused(queried(connection, 'SELECT Address FROM Lead'), 'API_ERROR', 'Selecting compound data not supported');
  await assert.rejects(queried(connection, 'SELECT Nothing FROM Lead'), /No such column 'Nothing' on entity 'Lead'/);
  await control('POST', 'faults', [{ method: 'POST', path: '/jobs/query$', action: { fail_job: 'Out of luck' } }]);
  await assert.rejects(queried(connection, 'SELECT Id FROM Lead'), { message: 'Query job failed to complete' });
});

test('what a query finds is changed and deleted in bulk', async (connection) => {
  await connection.create('Lead', numbered(210, lead), { allowRecursive: true });
  connection.bulk2.pollInterval = 50;
  const found = () => connection.sobject('Lead').find({}, 'Id');
  const changed = await found().update({ Company: 'B' }, 'Lead', { bulkApiVersion: 2 });
  const deleted = await found().destroy('Lead', { bulkApiVersion: 2 });

  for (const rows of [changed, deleted]) assert.equal(rows.filter(({ success }) => success).length, 210);
  assert.equal((await connection.query('SELECT Id FROM Lead')).totalSize, 0);
});
