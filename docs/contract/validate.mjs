// Reads docs/contract/asyncapi.json with the reference parser; exit code 1 with what is wrong.
import { readFile } from 'node:fs/promises';

const OLDEST_NODE = 20;

function fail(sentence) {
  console.error(`conexoes: ${sentence}`);
  process.exit(1);
}

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  fail(`make check needs Node.js ${OLDEST_NODE} or newer, and this is ${process.versions.node}`);
}
const { Parser } = await import('@asyncapi/parser').catch((error) => {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  return fail('the AsyncAPI parser is not installed: run `npm ci`');
});

const text = await readFile(new URL('./asyncapi.json', import.meta.url), 'utf8');
const { document, diagnostics } = await new Parser().parse(text);
const SEVERITIES = ['error', 'warning', 'information', 'hint'];
for (const each of diagnostics) {
  console.error(`asyncapi.json: ${SEVERITIES[each.severity]}: ${each.path.join('.')}: ${each.message}`);
}
if (!document || diagnostics.some((each) => each.severity === 0)) process.exit(1);
console.log(`asyncapi.json: ${document.channels().length} channels, ${document.operations().length} operations, valid`);
