/** The connections of a store to its database, and the calls that wait for one. */
export interface ConnectionCounts {
  readonly inUse: number;
  readonly idle: number;
  readonly waiting: number;
}

/** The transactions of reads that a replica may serve, by where they were served. */
export interface ReplicaCounts {
  readonly replica: number;
  /** By the primary, because the replica had not replayed what they had to see. */
  readonly behind: number;
  /** By the primary, because the replica could not be used, or did not complete them. */
  readonly unusable: number;
}
