/** Why there was no response to an attempt. */
export type PostErrorCode =
  | 'TIMEOUT'
  /** The host is not on the public Internet, or the scheme is not https. */
  | 'ADDRESS_NOT_ALLOWED'
  /** The name of the host could not be resolved. */
  | 'DNS'
  /** The connection was refused, not possible or closed. */
  | 'CONNECTION'
  /** The certificate is not valid for the host, or there was no agreement on TLS. */
  | 'TLS'
  /** The response is not valid HTTP, or its headers are too large. */
  | 'INVALID_RESPONSE'
  /** The attempt was ended by this server, not by the receiver. */
  | 'ABORTED';

/** An error with the code of the outcome. */
export class PostError extends Error {
  readonly postCode: PostErrorCode;

  constructor(postCode: PostErrorCode) {
    super(postCode);
    this.name = 'PostError';
    this.postCode = postCode;
  }
}

/** Errors of the system, such as ECONNREFUSED, and those of Node.js about sockets that were closed. */
const OF_THE_CONNECTION = /^(E(?!PROTO$)[A-Z\d]+|ERR_(?!TLS_|SSL_|OSSL_).*)$/;

/** Returns the code of the outcome for an error of a request. */
export function postErrorCodeOf(error: NodeJS.ErrnoException, isTls: boolean): PostErrorCode {
  if (error instanceof PostError) return error.postCode;
  const code = error.code ?? '';
  if (code.startsWith('HPE_')) return 'INVALID_RESPONSE';
  return isTls && code !== '' && !OF_THE_CONNECTION.test(code) ? 'TLS' : 'CONNECTION';
}
