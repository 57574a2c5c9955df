/** A position in the write-ahead log of PostgreSQL (a log sequence number), such as 0/16B3748. */
export type Lsn = string;

/** The LSN that every server has replayed. */
export const FIRST_LSN: Lsn = '0/0';
/** An LSN that no server has replayed, in place of one that could not be determined: only the primary is new enough. */
export const LAST_LSN: Lsn = 'FFFFFFFF/FFFFFFFF';

const LSN = /^([\dA-F]{1,8})\/([\dA-F]{1,8})$/i;

/** Whether the text has the form of an LSN. */
export const isLsn = (text: string): boolean => LSN.test(text);

/** Returns the number of bytes of the log before the LSN, or -1 for a text that is none. */
export function bytesBefore(lsn: Lsn): bigint {
  const [, high, low] = LSN.exec(lsn) ?? [];
  return high === undefined || low === undefined ? -1n : (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}
