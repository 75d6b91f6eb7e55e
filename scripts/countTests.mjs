// Prints "PASSED FAILED" summed over runs of Vitest, each given as its exit code and the path of its JSON report. A file
// that did not load counts as one failure, and so does a report that is missing, or a run that ended with an error which
// its report knows nothing of: Vitest counts no errors outside tests, such as rejections that nobody caught.
import { existsSync, readFileSync } from "node:fs";

let passed = 0;
let failed = 0;
const given = process.argv.slice(2);
for (let i = 0; i < given.length; i += 2) {
  const [code, path] = given.slice(i, i + 2);
  const counts = existsSync(path) ? countsIn(JSON.parse(readFileSync(path, "utf8"))) : undefined;
  passed += counts?.passed ?? 0;
  failed += counts?.failed ?? 0;
  const untold =
    counts === undefined ? "it left no report" : code !== "0" && counts.failed === 0 && "none of its tests failed";
  if (!untold) continue;
  failed++;
  console.error(`== vitest ended with ${code}, and ${untold}: counted as one failure`);
}
console.log(`${passed} ${failed}`);

function countsIn({ numPassedTests, numFailedTests, testResults }) {
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  return { passed: numPassedTests, failed: numFailedTests + unloaded.length };
}
