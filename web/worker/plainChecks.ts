import { config } from "zod";

// The policy of the page forbids making code of text, which checks of settings would try.
config({ jitless: true });
