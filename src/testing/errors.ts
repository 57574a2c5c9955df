/** A wrong use of the test server. The message names the problem and the fix. */
export class TestServerError extends Error {
  override readonly name = 'TestServerError';
}
