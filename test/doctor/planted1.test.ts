import { plantedTests } from "./plantedTests.ts";

plantedTests(1, 4);
