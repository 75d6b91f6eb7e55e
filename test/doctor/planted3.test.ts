import { plantedTests } from "./plantedTests.ts";

plantedTests(3, 4);
