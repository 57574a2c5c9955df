/** The project has a version of graphql that does not work, or several copies. The message names them. */
export class GraphqlVersionError extends Error {}
