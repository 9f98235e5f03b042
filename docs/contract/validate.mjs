// Reads docs/contract/asyncapi.json with the reference parser; exit code 1 with what is wrong.
import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';

const text = await readFile(new URL('./asyncapi.json', import.meta.url), 'utf8');
const { document, diagnostics } = await new Parser().parse(text);
const errors = diagnostics.filter((each) => each.severity === 0);
for (const each of errors) {
  console.error(`asyncapi.json: ${each.path.join('.')}: ${each.message}`);
}
if (errors.length > 0 || !document) process.exit(1);
console.log(`asyncapi.json: ${document.channels().length} channels, ${document.operations().length} operations, valid`);
