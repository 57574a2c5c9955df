/** The size limits of the domain, each with its unit. Text is counted in code points. */
export const LIMITS = {
  /** Names, labels, titles and references. */
  nameCharacters: 200,
  reasonCharacters: 1_000,
  /** Descriptions and message bodies. */
  bodyCharacters: 10_000,
  /** The message of an error, in UTF-16 units. */
  messageUnits: 500,
  /** The message of one validation issue, in UTF-16 units. */
  issueUnits: 200,
  /** The text of a search. */
  searchCharacters: 1_000,
  /** Edits of one message. */
  revisions: 100,
  jsonBytes: 64 * 1024,
  /** The maximum depth of a JSON object; {} has depth 1. */
  jsonDepth: 10,
  /** Values in one list of an input or a filter. */
  listValues: 100,
  /** Values of one metadata object that `metadata` filters can find: the first ones in the order of the object. */
  metadataTerms: 100,
  /** Conditions of one `metadata` filter. */
  metadataConditions: 10,
  tenorDays: 36_500,
  /** Parties, milestones and fees of the terms of one position. */
  parties: 50,
  milestones: 200,
  fees: 10,
  /** Milestones that one batch creates, and those of the positions that it moves. */
  batchMilestones: 2_000,
  movedMilestones: 20_000,
  /** An idempotency key. */
  keyCharacters: 255,
  /** Values in one list of a mutation's input: operations, currencies, limits. */
  listInputs: 1_000,
  /** Validation issues of one input that are returned. */
  issues: 1_000,
  /** The maximum overlap of an API key rotation: one week. */
  overlapSeconds: 7 * 24 * 60 * 60,
} as const;
