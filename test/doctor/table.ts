import { judge, planted, rowsOf } from "./planted.ts";

/** Prints the table of docs/doctor.md: what the doctor makes of every planted defect. `npx tsx test/doctor/table.ts [defect]` */
const [wanted] = process.argv.slice(2);
console.log("| defect | weak | middle | strong |\n|---|---|---|---|");
for (const each of planted) {
  if (wanted !== undefined && !each.defect.includes(wanted)) continue;
  const cells: string[] = [];
  for (const strength of each.strengths) {
    const rows = await rowsOf(strength.make());
    const outcome = judge(each, strength, rows);
    cells.push(`${strength.label}: **${outcome}**`);
    if (outcome !== "wrong" && wanted === undefined) continue;
    for (const row of rows.filter(
      ({ state, quantity }) => quantity === each.quantity || state === "say" || state === "trouble",
    ))
      console.error(`    ${each.defect}, ${strength.label}: ${JSON.stringify(row)}`);
  }
  console.log(`| ${each.defect} | ${cells.join(" | ")} |`);
}
