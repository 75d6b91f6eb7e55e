import { plantedTests } from "./plantedTests.ts";

plantedTests(2, 4);
