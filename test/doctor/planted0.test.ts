import { plantedTests } from "./plantedTests.ts";

plantedTests(0, 4);
