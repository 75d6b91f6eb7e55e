// Prints "PASSED FAILED" summed over Vitest's JSON reports. A file that did not load counts as one failure, and so does
// a report that is missing.
import { existsSync, readFileSync } from "node:fs";

let passed = 0;
let failed = 0;
for (const path of process.argv.slice(2)) {
  if (!existsSync(path)) {
    failed++;
    continue;
  }
  const report = JSON.parse(readFileSync(path, "utf8"));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  failed += report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
}
console.log(`${passed} ${failed}`);
