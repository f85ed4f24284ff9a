/** Where the server of the tests stands. */
export const ISSUER = 'https://mcp.example';
export const RESOURCE = `${ISSUER}/mcp`;
