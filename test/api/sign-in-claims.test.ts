import { describe, expect, test } from '@jest/globals';
import { holderOf, personOf } from '../../api/sign-in/claims.js';

describe('the person of an ID token', () => {
  test('is named by preferred_username, with the roles that are known here', () => {
    const claims = {
      sub: '7',
      preferred_username: 'a.b',
      name: 'A B',
      employee_id: 'E-1',
      roles: ['iss', 'offline_access'],
    };
    expect(personOf(claims)).toEqual({ login: 'a.b', name: 'A B', employeeId: 'E-1', roles: ['iss'] });
  });

  test('is named by the subject where there is no other name', () => {
    expect(personOf({ sub: 'a.b' })).toEqual({ login: 'a.b', employeeId: null, roles: [] });
  });

  test.each([
    ['no subject', { preferred_username: 'a.b' }],
    ['the name of a machine', { sub: '7', preferred_username: 'client:registry' }],
    ['a subject named like a machine', { sub: 'client:registry' }],
    ['roles that are no list', { sub: 'a.b', roles: 'iss' }],
    ['an employee that is no text', { sub: 'a.b', employee_id: 1 }],
    ['nothing', undefined],
  ])('is nobody with %s', (_name, claims) => {
    expect(personOf(claims)).toBeNull();
  });

  test('never has the role of a machine', () => {
    expect(personOf({ sub: 'a.b', roles: ['registrar-machine', 'hr'] })?.roles).toEqual(['hr']);
  });
});

describe('the holder of an access token', () => {
  test.each([
    ['a client (RFC 9068)', { sub: 'registry', client_id: 'registry', scope: 'intake' }],
    [
      'a service account as Keycloak names it',
      { sub: '0c1', azp: 'registry', preferred_username: 'service-account-registry', scope: 'profile intake email' },
    ],
    ['a client without any name of a person', { sub: '0c1', client_id: 'registry', scope: 'intake' }],
  ])('is a machine for %s', (_name, payload) => {
    expect(holderOf(payload)).toEqual({ login: 'client:registry', employeeId: null, roles: ['registrar-machine'] });
  });

  test.each([
    ['no scope', undefined],
    ['another scope', 'openid'],
    ['a scope that only begins so', 'intake.read'],
  ])('has no role with %s', (_name, scope) => {
    expect(holderOf({ sub: 'registry', client_id: 'registry', scope })?.roles).toEqual([]);
  });

  test('is no machine by the roles that its token claims', () => {
    expect(holderOf({ sub: 'registry', client_id: 'registry', roles: ['iss'] })?.roles).toEqual([]);
  });

  test('is a person by the name of one, whatever the scope', () => {
    const payload = { sub: '7', azp: 'merzim', preferred_username: 'a.b', roles: ['hr'], scope: 'intake' };
    expect(holderOf(payload)).toEqual({ login: 'a.b', employeeId: null, roles: ['hr'] });
  });

  test.each([
    ['no subject', { client_id: 'registry' }],
    ['neither client nor person', { sub: 'x' }],
  ])('is nobody with %s', (_name, payload) => {
    expect(holderOf(payload)).toBeNull();
  });
});
