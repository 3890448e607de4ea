/** jsforce loads and queries in bulk, by Bulk API 1.0. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import jsforce from 'jsforce';
import * as org from './org.mjs';
import { control, numbered, refused, url, version } from './org.mjs';

const lead = (number) => ({ LastName: `Lead ${number}`, Company: 'Acme, "Inc."\nLine 2' });

/** Asks for results without needless rest. */
const quick = (connection) => Object.assign(connection.bulk, { pollInterval: 50, pollTimeout: 20_000 });

/** Waits for what jsforce does behind its caller's back: it closes every job. */
async function allClosed(connection) {
  const { requests } = await control('GET', 'requests');
  const jobs = new Set(requests.flatMap(({ path }) => path.match(/(?<=\/job\/)\w+/) ?? []));
  for (const id of jobs) {
    while ((await connection.bulk.job(id).check()).state === 'Open') await setTimeout(20);
  }
}

/** A test with an org of its own, done when all jobs are closed. */
const test = (name, scenario, seed) =>
  org.test(
    name,
    async (connection) => {
      await scenario(connection);
      await allClosed(connection);
    },
    seed,
  );

/** All records of a bulk query. */
async function queried(connection, soql) {
  const records = [];
  for await (const record of await quick(connection).query(soql)) records.push(record);
  return records;
}

test('an insert answers row by row, in order', async (connection) => {
  const rows = await quick(connection).load('Lead', 'insert', [lead(1), { Company: 'Nameless' }, lead(2)]);

  assert.deepEqual(rows.map(({ success, created }) => [success, created]), [
    [true, true],
    [false, false],
    [true, true],
  ]);
  assert.deepEqual(rows[1], {
    id: null,
    success: false,
    created: false,
    errors: ['REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --'],
  });
  assert.equal((await connection.retrieve('Lead', rows[2].id)).Company, lead(2).Company);
});

test('update, upsert and delete', async (connection) => {
  await connection.tooling.create('CustomField', {
    FullName: 'Lead.Number__c',
    Metadata: { type: 'Text', label: 'Number', length: 40, externalId: true, unique: true },
  });
  const leads = connection.sobject('Lead');
  const { id } = await leads.create({ ...lead(1), Number__c: 'A', Title: 'Dr.' });
  quick(connection);
  const changed = await leads.updateBulk([{ Id: id, Title: null, FirstName: 'Ada' }]);
  const merged = await leads.upsertBulk(
    [{ Number__c: 'A', LastName: 'Byron', Company: 'A' }, { Number__c: 'B', LastName: 'New', Company: 'B' }],
    'Number__c',
  );
  const deleted = await leads.deleteBulk([{ Id: merged[1].id }]);

  assert.deepEqual(changed, [{ id, success: true, created: false, errors: [] }]);
  assert.deepEqual(merged.map(({ success, created }) => [success, created]), [[true, false], [true, true]]);
  assert.deepEqual(deleted, [{ id: merged[1].id, success: true, created: false, errors: [] }]);
  const left = await leads.find({}, 'Name, Title').execute();
  assert.deepEqual(left.map(({ Name, Title }) => [Name, Title]), [['Ada Byron', null]]);
});

test('a job with two batches, step by step', async (connection) => {
  const job = quick(connection).createJob('Lead', 'insert');
  const [first, second] = [job.createBatch(), job.createBatch()];
  first.execute(numbered(3, lead));
  const [info] = await once(first, 'queue');
  second.execute('LastName,Company\n"Byron","A"\n');
  await once(second, 'queue');
  for (const batch of [first, second]) batch.poll(50, 20_000);
  const [rows, row] = await Promise.all([first, second]);
  const batches = await job.list();
  const after = await job.check();
  const closed = await job.close();

  assert.deepEqual([info.jobId, info.state], [job.id ?? closed.id, 'Queued']);
  assert.deepEqual([rows.length, row.length, batches.length], [3, 1, 2]);
  assert.deepEqual([after.state, after.numberBatchesCompleted, after.numberRecordsProcessed], ['Open', '2', '4']);
  assert.equal(closed.state, 'Closed');
});

test('a batch with an unknown column fails as a whole', async (connection) => {
  await assert.rejects(
    Promise.resolve(quick(connection).load('Lead', 'insert', [{ Nothing__c: 1 }])),
    /InvalidBatch : Field name not found : Nothing__c/,
  );
});

test('a query gives what REST gives', async (connection) => {
  const soql = 'SELECT Id, Name, IsDeleted FROM Account';
  const records = await queried(connection, soql);
  const rest = await connection.query(soql, { autoFetch: true });

  const rows = (all) => all.map(({ Id, Name, IsDeleted }) => [Id, Name, String(IsDeleted)]).sort();
  assert.deepEqual(rows(records), rows(rest.records));
}, 'demo');

test('a query that bulk cannot answer is refused', async (connection) => {
  await assert.rejects(
    queried(connection, 'SELECT Address FROM Lead'),
    /Failed to process query: FUNCTIONALITY_NOT_ENABLED: Selecting compound data not supported in Bulk Query/,
  );
});

test('a session that has ended is said in Bulk words', async (connection) => {
  const late = new jsforce.Connection({ version, instanceUrl: url, accessToken: `${connection.accessToken}x` });

  await refused(Promise.resolve(quick(late).load('Lead', 'insert', [lead(1)])), 'InvalidSessionId');
});
