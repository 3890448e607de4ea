// Reads statements, a JSON string a line; writes true or false a line: what soql-parser-js takes for SOQL.
import { createInterface } from 'node:readline';
import { isQueryValid } from '@jetstreamapp/soql-parser-js';

for await (const line of createInterface({ input: process.stdin })) {
  console.log(isQueryValid(JSON.parse(line)));
}
