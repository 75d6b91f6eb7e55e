/**
 * What a pass over frames has found so far, so that passes over different frames of one stack are put together: vectors that
 * add up, and vectors of which the greater numbers count. Putting them together writes into them.
 */
export interface TallyParts {
  readonly added: readonly Float64Array[];
  readonly greatest: readonly Float64Array[];
}
