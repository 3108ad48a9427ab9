/** Names of SCIM 2.0 (RFC 7643, RFC 7644), and of the one extension that is this server's. */
export const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const accountSchema = 'urn:ietf:params:scim:schemas:extension:merzim:2.0:User';
export const listSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const errorSchema = 'urn:ietf:params:scim:api:messages:2.0:Error';
export const basePath = '/scim/v2';
